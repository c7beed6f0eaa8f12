"""What happened to each clip, told from its own events."""

from __future__ import annotations

from rich.table import Table

from services.client.payloads import ClipEventOut, ClipOut
from services.domain.workflow import ClipState, Step


def story(clip: ClipOut, events: list[ClipEventOut]) -> str:
    """Tell one clip's path in a line."""
    if clip.reason:
        return f"{clip.reason['code']}: {clip.reason['detail']}"
    steps = [event.step for event in events]
    told = []
    if n_returned := steps.count(Step.RETURNED):
        told.append(f"tier 1 sent {n_returned} answer{'s' * (n_returned > 1)} back, corrected")
    if Step.DISPUTED in steps:
        told.append("boundaries disputed, decided by the arbiter")
    if Step.AGREED in steps:
        told.append("two blind opinions agreed")
    return "; ".join(told) or "under way"


def story_table(
    rows: list[tuple[ClipOut, list[ClipEventOut]]], in_release: dict[str, int]
) -> Table:
    """Draw the demo's closing table; ``in_release`` maps clip uid to its released segments."""
    table = Table("clip", "frames", "rate", "state", "what happened", "released segments", box=None)
    for column in (0, 4):
        table.columns[column].overflow = "fold"
    table.columns[4].ratio = 1
    for clip, events in rows:
        n_segments = in_release.get(str(clip.uid))
        table.add_row(
            clip.name,
            str(clip.n_frames or ""),
            clip.rate or "",
            clip.state,
            story(clip, events),
            "" if n_segments is None else str(n_segments),
        )
    return table


def missing_from_release(
    rows: list[tuple[ClipOut, list[ClipEventOut]]], in_release: dict[str, int]
) -> list[str]:
    """Name the readable clips that did not make it into the release."""
    return [
        clip.name
        for clip, _ in rows
        if clip.state is not ClipState.QUARANTINED and str(clip.uid) not in in_release
    ]
