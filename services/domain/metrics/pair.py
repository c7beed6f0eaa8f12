"""Every measure of two opinions on one clip, in one go.

Conventions, for all of ``services.domain.metrics``
---------------------------------------------------
Opinion ``a`` comes first: where a measure has a direction, ``a`` is the reference. Frames
are integers, tolerances inclusive, matching one to one and maximum. Ratios lie in 0..1 and
are None (undefined) where there is nothing to compare; two empty opinions are neither equal
nor different. What is counted is kept: figures over many clips are ratios of sums, never
means of ratios.

Labels alone are compared, never layers: give one layer at a time, or accept that layers
laid over each other share one partition in which the later segment of the list wins.

The partition covers ``[0, n_frames)`` or up to the last offset of either opinion, whichever
is larger. See ``partition``, ``boundaries``, ``events``, ``framewise`` and ``segmental`` for
what each measure is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from services.domain.errors import InputError
from services.domain.metrics.boundaries import match_boundaries_at
from services.domain.metrics.deltas import DeltaSums
from services.domain.metrics.events import as_spans, match_events_at
from services.domain.metrics.framewise import FrameCounts, count_frames, overlay
from services.domain.metrics.partition import partition, rows_of
from services.domain.metrics.segmental import RunCounts, count_runs
from services.domain.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class PairMetrics:
    """What two opinions on one clip, or on many, have in common: counts, and some ratios.

    Ratios at each tolerance are the summary's.

    Parameters
    ----------
    tolerances : tuple of int
        In frames; the three matches have one count for each, in this order.
    n_seg_a, n_seg_b : int
        Segments as given.
    n_bound_a, n_bound_b : int
        Boundaries of the partition.
    bound_match : tuple of int
        Boundaries that answer each other, whatever the labels.
    seg_match_label, seg_match_anylabel : tuple of int
        Segments of which both ends answer each other, with and without equal labels.
    boundary_deltas, onset_deltas, offset_deltas : DeltaSums
        Deltas within the largest tolerance: of boundaries, whatever the labels; of onsets
        and of offsets of segments, label by label.
    frames : FrameCounts
        Agreement by frames.
    runs : RunCounts
        Labelled runs of the partition against each other.
    """

    tolerances: tuple[int, ...]
    n_seg_a: int
    n_seg_b: int
    n_bound_a: int
    n_bound_b: int
    bound_match: tuple[int, ...]
    seg_match_label: tuple[int, ...]
    seg_match_anylabel: tuple[int, ...]
    boundary_deltas: DeltaSums
    onset_deltas: DeltaSums
    offset_deltas: DeltaSums
    frames: FrameCounts
    runs: RunCounts

    def __add__(self, other: PairMetrics) -> PairMetrics:
        if self.tolerances != other.tolerances:
            raise InputError(
                f"Counts at {self.tolerances} and at {other.tolerances} frames do not add up."
            )
        return PairMetrics(
            tolerances=self.tolerances,
            n_seg_a=self.n_seg_a + other.n_seg_a,
            n_seg_b=self.n_seg_b + other.n_seg_b,
            n_bound_a=self.n_bound_a + other.n_bound_a,
            n_bound_b=self.n_bound_b + other.n_bound_b,
            bound_match=_summed(self.bound_match, other.bound_match),
            seg_match_label=_summed(self.seg_match_label, other.seg_match_label),
            seg_match_anylabel=_summed(self.seg_match_anylabel, other.seg_match_anylabel),
            boundary_deltas=self.boundary_deltas + other.boundary_deltas,
            onset_deltas=self.onset_deltas + other.onset_deltas,
            offset_deltas=self.offset_deltas + other.offset_deltas,
            frames=self.frames + other.frames,
            runs=self.runs + other.runs,
        )

    @property
    def frame_agree(self) -> float | None:
        """Share of frames of one class."""
        return self.frames.agreement.value

    @property
    def frame_kappa(self) -> float | None:
        """Cohen's kappa over frames."""
        return self.frames.kappa.value

    @property
    def edit(self) -> float | None:
        """Segmental edit score."""
        return self.runs.edit.value

    @property
    def f1_10(self) -> float | None:
        """F1 of runs at an IoU of 10 %."""
        return self.runs.f1s[0].value

    @property
    def f1_25(self) -> float | None:
        """F1 of runs at an IoU of 25 %."""
        return self.runs.f1s[1].value

    @property
    def f1_50(self) -> float | None:
        """F1 of runs at an IoU of 50 %."""
        return self.runs.f1s[2].value

    @property
    def tiou_mean(self) -> float | None:
        """Mean temporal IoU of runs of one label, paired for the greatest sum."""
        return self.runs.tiou_mean.value


def measure_pair(
    a: Sequence[Segment], b: Sequence[Segment], *, n_frames: int, tolerances: Sequence[int]
) -> PairMetrics:
    """Measure two opinions on one clip.

    Parameters
    ----------
    a, b : sequence of Segment
        In list order: of two segments that overlap, the later one owns the frames of both.
    n_frames : int
        Length of the clip; the partition reaches further if a segment does.
    tolerances : sequence of int
        Inclusive, in frames.

    Raises
    ------
    InputError
        If there is no tolerance, or a negative one.
    """
    if not tolerances or min(tolerances) < 0:
        raise InputError("Give at least one tolerance in frames, none of them negative.")
    rows_a, rows_b = rows_of(a), rows_of(b)
    length = max(n_frames, max((row[1] for row in chain(rows_a, rows_b)), default=0))
    runs_a, runs_b = (partition(rows, n_frames=length) for rows in (rows_a, rows_b))
    boundaries = match_boundaries_at(runs_a.boundaries, runs_b.boundaries, tolerances=tolerances)
    spans_a, spans_b = as_spans(rows_a, rows_b)
    # Labels are set apart on the axis of time, further than any tolerance reaches.
    lanes_a, lanes_b = (
        spans.in_lanes(length + max(tolerances) + 1) for spans in (spans_a, spans_b)
    )
    onsets, offsets = (
        match_boundaries_at(sorted(one.tolist()), sorted(other.tolist()), tolerances=tolerances)
        for one, other in zip(lanes_a.T, lanes_b.T, strict=True)
    )
    laid = overlay(runs_a, runs_b)
    return PairMetrics(
        tolerances=tuple(tolerances),
        n_seg_a=len(rows_a),
        n_seg_b=len(rows_b),
        n_bound_a=len(runs_a.boundaries),
        n_bound_b=len(runs_b.boundaries),
        bound_match=boundaries.counts,
        seg_match_label=match_events_at(lanes_a, lanes_b, tolerances=tolerances),
        seg_match_anylabel=match_events_at(spans_a.ends, spans_b.ends, tolerances=tolerances),
        boundary_deltas=DeltaSums.of(boundaries.deltas),
        onset_deltas=DeltaSums.of(onsets.deltas),
        offset_deltas=DeltaSums.of(offsets.deltas),
        frames=count_frames(laid),
        runs=count_runs(laid),
    )


def _summed(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(sum, zip(one, other, strict=True)))
