from __future__ import annotations

from typing import Any

import pytest

from services.domain.errors import InputError
from services.domain.multiview.layout import MAX_VIEWS
from services.domain.multiview.manifest import GroupManifest, ViewSpec


def group(*others: dict[str, Any], **more: Any) -> GroupManifest:
    return GroupManifest.parse({"views": [{"file": "front.mp4"}, *others], **more})


def test_a_plain_list_of_files_is_synchronised_by_itself() -> None:
    found = group({"file": "left/side.mp4"}, {"file": "top.mp4", "name": "above"}, name="take 3")
    assert [view.called for view in found.views] == ["front", "side", "above"]
    assert [view.sync for view in found.views] == ["auto"] * 3
    assert found.name == "take 3"


@pytest.mark.parametrize(
    ("written", "read"),
    [(1.25, "5/4"), (0.1, "1/10"), ("1001/30000", "1001/30000"), (-3, "-3"), ("1.5", "3/2")],
)
def test_offsets_are_exact(written: object, read: str) -> None:
    assert group({"file": "b.mp4", "offset_s": written}).views[1].offset_s == read


@pytest.mark.parametrize(
    "other",
    [
        {"file": "front.mp4"},
        {"file": "b/front.mp4"},
        {"file": "../b.mp4"},
        {"file": "/b.mp4"},
        {"file": "b.mp4", "sync": "given"},
        {"file": "b.mp4", "sync": "audio", "offset_s": 1},
        {"file": "b.mp4", "drift_ppm": 3},
        {"file": "b.mp4", "offset_s": "soon"},
        {"file": "b.mp4", "offset_s": True},
        {"file": "b.mp4", "offset_s": float("nan")},
        {"file": "b.mp4", "offset_s": 90_000},
        {"file": "b.mp4", "offset_s": 0, "drift_ppm": 5000},
        {"file": "b.mp4", "shift": 1},
    ],
)
def test_what_contradicts_itself_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        group(other)


def test_the_reference_has_no_offset() -> None:
    with pytest.raises(InputError, match="reference"):
        GroupManifest.parse({"views": [{"file": "a.mp4", "offset_s": 1}, {"file": "b.mp4"}]})


def test_how_a_view_is_placed_can_be_said_alone() -> None:
    assert ViewSpec.parse({"offset_s": "1.5"}).offset_s == "3/2"
    with pytest.raises(InputError):
        ViewSpec.parse({"sync": "given"})


@pytest.mark.parametrize("n_views", [1, MAX_VIEWS + 1])
def test_a_group_has_a_few_views(n_views: int) -> None:
    with pytest.raises(InputError):
        GroupManifest.parse({"views": [{"file": f"{k}.mp4"} for k in range(n_views)]})
