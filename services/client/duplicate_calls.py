"""The calls about near duplicates; :class:`services.client.api.TrackerClient` has them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from services.client.payloads import NearDuplicateOut, NearDuplicatesFound
from services.client.transport import Transport


class DuplicateCalls:
    """One method an endpoint, over the client's own wire."""

    _wire: Transport

    def near_duplicates(self, slug: str) -> Iterator[NearDuplicateOut]:
        """Go through a project's pairs of clips that show the same events."""
        return self._wire.pages(f"/projects/{slug}/near-duplicates", NearDuplicateOut)

    def clip_near_duplicates(self, uid: UUID) -> Iterator[NearDuplicateOut]:
        """Go through the clips that show the same events as this one."""
        return self._wire.pages(f"/clips/{uid}/near-duplicates", NearDuplicateOut)

    def near_duplicates_find(self, slug: str) -> NearDuplicatesFound:
        """Have clips compared for some seconds; call again while some are left."""
        path = f"/projects/{slug}/near-duplicates/find"
        return self._wire.send("POST", path, NearDuplicatesFound)
