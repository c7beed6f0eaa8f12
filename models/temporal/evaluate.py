"""How good drafts are against accepted answers, in the measures of services.domain.metrics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from models.temporal.tracks import Track, tracks_of
from services.domain.metrics.pair import PairMetrics, measure_pair
from services.domain.metrics.ratio import Ratio
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy

TOLERANCES = (3, 30)
"""Frames: within the first a boundary is right, within the second it is found at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Sums over clips and tracks, from which every figure follows.

    Parameters
    ----------
    n_clips : int
        Clips compared.
    pooled : PairMetrics
        The truth as ``a``, the draft as ``b``: a positive delta is a draft that is late.
    """

    n_clips: int
    pooled: PairMetrics

    @property
    def selection(self) -> float:
        """What a model is chosen by: the mean of accuracy, edit, F1@50 and boundary F1.

        Boundaries count within 3 frames; what is undefined counts as 0.
        """
        pooled = self.pooled
        boundaries = Ratio(2 * pooled.bound_match[0], pooled.n_bound_a + pooled.n_bound_b).value
        figures = (pooled.frame_agree, pooled.edit, pooled.f1_50, boundaries)
        return sum(value or 0.0 for value in figures) / len(figures)

    def as_json(self) -> dict[str, Any]:
        """Return the figures by name; None where there was nothing to measure.

        ``boundary_mae``, ``onset_bias`` and ``offset_bias`` are in frames, over boundaries that
        were found within 30 frames; bias is positive where the draft is late.
        """
        pooled = self.pooled
        n_bound = pooled.n_bound_a
        found = {
            "accuracy": pooled.frame_agree,
            "edit": pooled.edit,
            "f1_10": pooled.f1_10,
            "f1_25": pooled.f1_25,
            "f1_50": pooled.f1_50,
            "boundary_mae": pooled.boundary_deltas.mean_absolute,
            "boundary_recall_3f": pooled.bound_match[0] / n_bound if n_bound else None,
            "boundary_recall_30f": pooled.bound_match[1] / n_bound if n_bound else None,
            "onset_bias": pooled.onset_deltas.mean,
            "offset_bias": pooled.offset_deltas.mean,
            "selection": self.selection,
        }
        rounded = {
            name: None if value is None else round(value, 5) for name, value in found.items()
        }
        return {"n_clips": self.n_clips, **rounded}


def evaluate_drafts(
    drafts: Iterable[tuple[Segmentation, Sequence[Segment]]], *, taxonomy: Taxonomy
) -> Evaluation:
    """Measure (accepted, draft) pairs, one a clip.

    Notes
    -----
    Each track counts for itself, so layers do not hide each other; frames that neither marks
    count as agreed, on each track.
    """
    measured = [measure_draft(truth, draft, taxonomy=taxonomy) for truth, draft in drafts]
    empty = measure_pair((), (), n_frames=0, tolerances=TOLERANCES)
    return Evaluation(n_clips=len(measured), pooled=reduce(add, measured, empty))


def measure_draft(
    truth: Segmentation, draft: Sequence[Segment], *, taxonomy: Taxonomy
) -> PairMetrics:
    """Measure one clip's draft: the sums over its tracks."""
    return reduce(add, (_measure(truth, draft, track) for track in tracks_of(taxonomy)))


def _measure(truth: Segmentation, draft: Sequence[Segment], track: Track) -> PairMetrics:
    return measure_pair(
        track.segments_of(truth.segments),
        track.segments_of(draft),
        n_frames=truth.n_frames,
        tolerances=TOLERANCES,
    )
