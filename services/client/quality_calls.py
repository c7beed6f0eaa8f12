"""The calls about quality; :class:`services.client.api.TrackerClient` has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from uuid import UUID

from services.client.quality_payloads import (
    AlarmOut,
    AnchoringOut,
    AnnotatorsOut,
    MonitorOut,
    QualityOut,
)
from services.client.transport import Transport


class QualityCalls:
    """One method an endpoint, over the client's own wire."""

    _wire: Transport

    def quality(
        self, slug: str, *, taxonomy_version: int | None = None, days: int | None = None
    ) -> QualityOut:
        """Show how far blind opinions agree: in all, by label, layer, pair and day.

        Of a taxonomy version are only ``labels`` and ``layers``; the rest is over all versions.
        """
        return self._wire.get(
            f"/projects/{slug}/quality", QualityOut, taxonomy_version=taxonomy_version, days=days
        )

    def quality_annotators(
        self,
        slug: str,
        *,
        reference: Literal["gold", "arbitration"] | None = None,
        username: str | None = None,
    ) -> AnnotatorsOut:
        """Show each person's figures against a reference; gold unless said otherwise."""
        return self._wire.get(
            f"/projects/{slug}/quality/annotators",
            AnnotatorsOut,
            reference=reference,
            username=username,
        )

    def quality_anchoring(self, slug: str) -> AnchoringOut:
        """Show what drafts do to people."""
        return self._wire.get(f"/projects/{slug}/quality/anchoring", AnchoringOut)

    def alarms(self, slug: str) -> Iterator[AlarmOut]:
        """Go through what stood out, and what followed."""
        return self._wire.pages(f"/projects/{slug}/quality/alarms", AlarmOut)

    def alarm_reverse(self, uid: UUID, *, note: str = "") -> AlarmOut:
        """Undo what followed an alarm; again is harmless."""
        return self._wire.send("POST", f"/alarms/{uid}/reverse", AlarmOut, {"note": note})

    def monitor(self, slug: str) -> MonitorOut:
        """Judge what is new, and do what the policy says; again changes nothing."""
        return self._wire.send("POST", f"/projects/{slug}/monitor", MonitorOut)
