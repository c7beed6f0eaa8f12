"""The bridge's contract against a real Label Studio with the guard inside."""

from __future__ import annotations

import pytest

from labeling_bridge.bridge import LabelStudio
from services.domain.errors import LabelStudioError
from tests.bridge.contract import BridgeContract, World, desk

__all__ = ["desk"]

pytestmark = pytest.mark.live_ls


class TestLabelStudio(BridgeContract):
    """Everything the bridge promises."""

    def test_a_wrong_token_is_told_plainly(self, world: World) -> None:
        url = world.bridge._client._sdk._client_wrapper.get_base_url()
        bridge = LabelStudio(url, "0" * 40, links_key="k" * 20, email_domain="segue.example")
        with pytest.raises(LabelStudioError, match="token") as refused:
            bridge.ensure_member("ana")
        assert refused.value.code == "label_studio_token"
        assert "0000" not in str(refused.value)
