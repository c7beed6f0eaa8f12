"""A seat on a clip as a Label Studio task: its data and the regions that lie ready in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, Literal

from labeling_bridge.briefs import (
    annotation_brief,
    arbitration_brief,
    clip_line,
    passed_brief,
    returned_brief,
)
from labeling_bridge.regions import Opinion, Region, render, render_opinion
from services.domain.comparison.disputes import Comparison
from services.domain.hints import Hints
from services.domain.sanity.findings import Finding
from services.domain.segments import Segment
from services.domain.timebase import play_rate

# Label Studio calls the frame at t seconds ceil(t * fps), and rounds the t of a pause to 2 ms:
# at 25 or 50 a second often the very instant at which a frame begins, and then its counter is
# one behind the picture. A rate larger by a hair puts that right and moves nothing else: 9 µs
# in a day.
_HAIR: Final = 1 + 1e-10

ASSIGNMENT: Final = "assignment"
"""The field of task data that says whose task it is; the only key the bridge looks up by."""
AT_A_GLANCE: Final = "The clip at a glance: lines are shots, dark is black, hatched stands still"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What a task says about the clip.

    Parameters
    ----------
    proxy_key : str
        What people watch.
    hints : Hints, optional
        What a machine points out.
    strip_key : str, optional
        The picture of the clip at a glance.
    """

    name: str
    proxy_key: str
    rate: Fraction
    n_frames: int
    hints: Hints | None = None
    strip_key: str | None = None

    @property
    def line(self) -> str:
        """The clip in one sentence."""
        return clip_line(self.name, n_frames=self.n_frames, rate=self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTask:
    """A task to be put into a lane, still without the lane's own addresses of its files.

    Parameters
    ----------
    assignment : str
        Uid of the assignment; at most one task in a lane carries it.
    clip : Clip
        What is to be watched.
    round : int
        The round of annotation, from 1.
    opening : str
        What the brief says while there are no findings.
    draft : tuple of Region
        Regions that lie ready; empty for none.
    draft_name : str
        What Label Studio writes over the draft.
    """

    assignment: str
    clip: Clip
    round: int
    opening: str
    draft: tuple[Region, ...]
    draft_name: str

    def data(self, *, video: str, strip: str | None) -> dict[str, Any]:
        """Return the task data for a lane in which clip and strip are at these addresses."""
        return {
            "video": video,
            # Markdown: Label Studio's Image would be one more thing to label.
            "strip": "" if strip is None else f"![{AT_A_GLANCE}]({strip})",
            "fps": float(play_rate(self.clip.rate)) * _HAIR,
            ASSIGNMENT: self.assignment,
            "title": self.clip.name,
            "n_frames": self.clip.n_frames,
            "brief": self.opening,
            "opening": self.opening,
            "status": "new",
            "round": self.round,
        }

    def predictions(self) -> list[dict[str, Any]]:
        """Return the draft as Label Studio's predictions."""
        if not self.draft:
            return []
        return [{"model_version": self.draft_name, "result": list(self.draft)}]


def annotation_task(
    *, assignment: str, clip: Clip, round_: int, prelabel: Sequence[Segment] | None
) -> SeatTask:
    """Make an annotator's task; ``prelabel`` None (a control seat) shows no draft."""
    draft = tuple(render(prelabel or (), prefix="p"))
    return SeatTask(
        assignment=assignment,
        clip=clip,
        round=round_,
        opening=annotation_brief(clip.line, has_draft=bool(draft), hints=clip.hints),
        draft=draft,
        draft_name="draft",
    )


def arbitration_task(
    *, assignment: str, clip: Clip, round_: int, comparison: Comparison
) -> SeatTask:
    """Make the arbiter's task from a comparison whose ``a`` is X and whose ``b`` is Y.

    What both agree on is the draft of the final segments; X and Y stand below in locked
    rows, in order of time, so that two versions of one segment lie next to each other.
    """
    agreed = render((item.segment for item in comparison.agreed), prefix="c")
    opinions = [
        *render_opinion(_held(comparison, "a"), Opinion.X),
        *render_opinion(_held(comparison, "b"), Opinion.Y),
    ]
    return SeatTask(
        assignment=assignment,
        clip=clip,
        round=round_,
        opening=arbitration_brief(clip.line, comparison, hints=clip.hints),
        draft=(*agreed, *sorted(opinions, key=_place)),
        draft_name="opinions",
    )


def returned_data(data: dict[str, Any], findings: Sequence[Finding]) -> dict[str, Any]:
    """Return a task's data as it shall read while its answer waits for correction."""
    return {**data, "brief": returned_brief(_opening(data), findings), "status": "returned"}


def passed_data(data: dict[str, Any], findings: Sequence[Finding]) -> dict[str, Any]:
    """Return a task's data as it shall read once its answer passed, with what was remarked."""
    return {**data, "brief": passed_brief(_opening(data), findings), "status": "passed"}


def _opening(data: dict[str, Any]) -> str:
    return str(data.get("opening", data.get("brief", "")))


def _held(comparison: Comparison, side: Literal["a", "b"]) -> list[Segment]:
    held: list[Segment] = [getattr(agreed, side) for agreed in comparison.agreed]
    for dispute in comparison.disputes:
        held += getattr(dispute, side)
    # A score is a machine's word; on an opinion it would look like a verdict on the person.
    bare = [replace(segment, score=None) for segment in held]
    return sorted(bare, key=lambda segment: segment.order)


def _place(region: Region) -> tuple[int, int, str]:
    (span,) = region["value"]["ranges"]
    return span["start"], span["end"], region["from_name"]
