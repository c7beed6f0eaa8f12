"""Probes: in some clips one person's draft has one boundary moved, to see who looks."""

from __future__ import annotations

from services.domain.blindness import shows_probe
from services.domain.canonical import unit_interval
from services.domain.monitoring.probes import plant_probe
from services.domain.policy import Policy
from services.domain.segments import Segment
from services.tracker.annotations.models import Assignment, Prelabel
from services.tracker.clips.models import Clip


def seats_probe(*, clip: Clip, seats: list[Assignment], policy: Policy) -> None:
    """Give one of a round's seats, before they are saved, a draft with a moved boundary.

    Which clips and whose seat is a lot; a draft that would give the probe away stays as it is.
    """
    shown = [seat for seat in seats if seat.shows_prelabel]
    if not shown or not shows_probe(clip.uid, clip.round, policy.probe_share):
        return
    draft = Prelabel.objects.filter(clip=clip).order_by("-id").first()
    if draft is None:
        return
    seat = min(shown, key=lambda seat: unit_interval(clip.uid, clip.round, "probed", seat.uid))
    moved, probe = plant_probe(
        [Segment.from_json(segment) for segment in draft.segments],
        seat.uid,
        policy.probe_shift_frames,
        clip.n_frames or 0,
    )
    if probe is not None:
        seat.probe = probe.as_json()
        seat.draft = [segment.as_json() for segment in moved]
