"""What the judge needs of one answer to one gold clip: sums, no segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from services.domain.comparison.disputes import Comparison
from services.domain.monitoring.anchoring import DraftTally
from services.domain.monitoring.confusion import ConfusionTally, confusion
from services.domain.monitoring.tallies import LabelKey, LabelTally, tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRecord:
    """One person's answer to one gold clip, summed.

    Parameters
    ----------
    clip : str
        The clip, as signals shall name it.
    labels : mapping of (layer, label) to LabelTally
        See :func:`.tallies.tally`.
    confusion : ConfusionTally
        See :func:`.confusion.confusion`.
    draft : DraftTally
        See :func:`.anchoring.draft_tally`; all zero where the clip came without a draft.
    """

    clip: str
    labels: Mapping[LabelKey, LabelTally] = field(default_factory=dict)
    confusion: ConfusionTally = field(default_factory=ConfusionTally)
    draft: DraftTally = field(default_factory=DraftTally)

    @classmethod
    def of(cls, clip: str, comparison: Comparison, *, draft: DraftTally | None = None) -> Self:
        """Sum a comparison of gold (``a``) with the answer (``b``)."""
        return cls(
            clip=clip,
            labels=tally(comparison),
            confusion=confusion(comparison),
            draft=draft or DraftTally(),
        )


History = Mapping[str, Sequence[ClipRecord]]
"""Each person's records on gold, in order of time."""
