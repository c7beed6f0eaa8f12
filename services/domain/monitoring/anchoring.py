"""How far drafts lead people: what they leave as it was, and what that costs.

Conventions
-----------
A boundary is a layer, a label, a side and a frame. One of the draft is *untouched* when the
answer has it at the same frame. It is *flawed* when the reference has none of its layer,
label and side within the inclusive tolerance. Leaving a boundary untouched is no fault, for
a good draft deserves it; leaving a flawed one is, and its share is what tells a person who
looks from one who signs. Boundaries at the clip's edges are left out: nobody chose them.

Agreement of two people who saw the same draft is partly the draft's. So it is reported
apart: for clips with a draft, for those without (the control share), and their difference.

References
----------
Tversky, A. and Kahneman, D. (1974). Judgment under uncertainty: heuristics and biases.
    Science 185, 1124-1131: anchoring.
Fort, K. and Sagot, B. (2010). Influence of pre-annotation on POS-tagged corpus development.
    Proc. LAW IV, 56-63: the bias of pre-annotation, measured.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from services.domain.errors import reading
from services.domain.monitoring.intervals import Share
from services.domain.monitoring.probes import Probe, noticed, plant_probe
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.taxonomy import Side, Taxonomy

__all__ = ["DraftTally", "Probe", "draft_tally", "noticed", "plant_probe"]

_Boundary = tuple[str, str, Side, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTally:
    """What a person did to drafts, summed.

    Parameters
    ----------
    n_boundaries, n_untouched : int
        Boundaries of drafts, and those the answers have at the same frame.
    n_flawed, n_flaws_kept : int
        Boundaries of drafts that the reference refutes, and those of them left untouched; 0
        where there is no reference yet.
    n_probes, n_noticed : int
        Probes that can be told, and those that were undone.
    """

    n_boundaries: int = 0
    n_untouched: int = 0
    n_flawed: int = 0
    n_flaws_kept: int = 0
    n_probes: int = 0
    n_noticed: int = 0

    def __add__(self, other: DraftTally) -> DraftTally:
        return DraftTally(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )

    @property
    def untouched(self) -> Share:
        """Share of drafts' boundaries that were left as they were."""
        return Share(part=self.n_untouched, whole=self.n_boundaries)

    @property
    def flaws_kept(self) -> Share:
        """Share of drafts' flawed boundaries that were left as they were."""
        return Share(part=self.n_flaws_kept, whole=self.n_flawed)

    @property
    def probes_noticed(self) -> Share:
        """Share of probes that were undone."""
        return Share(part=self.n_noticed, whole=self.n_probes)

    def as_json(self) -> dict[str, int]:
        """Return the JSON form."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is unknown.
        """
        with reading("a tally of drafts", data):
            return cls(**data)


def draft_tally(
    draft: Segmentation,
    answer: Segmentation,
    *,
    taxonomy: Taxonomy,
    policy: Policy,
    reference: Segmentation | None = None,
    probe: Probe | None = None,
) -> DraftTally:
    """Sum what a person did to one draft.

    Parameters
    ----------
    draft : Segmentation
        As the person saw it, probe included.
    answer : Segmentation
        What the person submitted.
    taxonomy, policy
        Give the tolerance by which the reference refutes a boundary.
    reference : Segmentation, optional
        Gold, or what was accepted for the clip.
    probe : Probe, optional
        What was moved in the draft on purpose.
    """
    of_draft, of_answer = _boundaries(draft), _boundaries(answer)
    kept = of_draft & of_answer
    flawed: Counter[_Boundary] = Counter()
    if reference is not None:
        true_frames = _frames_by_kind(reference)
        for boundary, count in of_draft.items():
            layer, label, side, frame = boundary
            reach = taxonomy.tolerance(layer, label, side, default=policy.tolerance_frames)
            if not _has_near(true_frames.get((layer, label, side), ()), frame, reach):
                flawed[boundary] = count
    seen = None
    if probe is not None:
        seen = noticed(probe, answer.segments, None if reference is None else reference.segments)
    return DraftTally(
        n_boundaries=of_draft.total(),
        n_untouched=kept.total(),
        n_flawed=flawed.total(),
        n_flaws_kept=(flawed & kept).total(),
        n_probes=int(seen is not None),
        n_noticed=int(seen is True),
    )


def _boundaries(opinion: Segmentation) -> Counter[_Boundary]:
    return Counter(
        (segment.layer, segment.label, side, frame)
        for segment in opinion
        for side in Side
        if 0 < (frame := getattr(segment, side)) < opinion.n_frames
    )


def _frames_by_kind(opinion: Segmentation) -> dict[tuple[str, str, Side], Sequence[int]]:
    found: defaultdict[tuple[str, str, Side], list[int]] = defaultdict(list)
    for segment in opinion:
        for side in Side:
            found[segment.layer, segment.label, side].append(getattr(segment, side))
    return {kind: sorted(frames) for kind, frames in found.items()}


def _has_near(frames: Sequence[int], frame: int, reach: int) -> bool:
    first = bisect_left(frames, frame - reach)
    return first < len(frames) and frames[first] <= frame + reach
