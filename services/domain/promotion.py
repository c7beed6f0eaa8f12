"""Whether a new pre-label model takes over: only if it drafts held-out clips better.

Conventions
-----------
Both are measured on the same clips, the candidate and its *rival*: the current model, or the cold
start where there is none. A clip's figures are ratios of sums (:class:`ClipScore`), the accepted
answer being the reference, so that figures over clips are ratios of sums, too. Errors of
boundaries are in frames; a bias is positive where drafts are late.

The rule: on at least ``min_clips`` clips the candidate's F1@50 is higher; it is higher in at least
``confidence`` of the replicates of a bootstrap over clips, in which both are drawn together; and
its boundaries are not further off, by more than ``mae_slack``. A tie keeps what is there.

References
----------
Efron and Tibshirani, "An introduction to the bootstrap", 1993; Berg-Kirkpatrick, Burkett and
Klein, "An empirical investigation of statistical significance in NLP", EMNLP 2012 (paired).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from services.domain.canonical import content_hash
from services.domain.errors import InputError, reading
from services.domain.metrics.pair import PairMetrics
from services.domain.metrics.ratio import Ratio

FIGURES = (
    "f1_10",
    "f1_25",
    "f1_50",
    "edit",
    "accuracy",
    "boundary_mae",
    "onset_bias",
    "offset_bias",
)
JUDGED = "f1_50"
MAE = "boundary_mae"
MOST_CELLS = 2_000_000

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRule:
    """The numbers of the rule.

    Parameters
    ----------
    min_clips : int
        Fewer held-out clips decide nothing.
    confidence : float
        Share of the replicates in which the candidate has to be ahead, in (0.5, 1].
    mae_slack : float
        Frames by which the mean error of boundaries may grow: an error is known no better than to
        a fraction of a frame.
    n_replicates : int
        Of the bootstrap.
    """

    min_clips: int = 5
    confidence: float = 0.9
    mae_slack: float = 0.5
    n_replicates: int = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipScore:
    """How well one clip was drafted.

    Parameters
    ----------
    clip : str
        The clip's uid.
    figures : mapping of str to Ratio
        One for each of ``FIGURES``.
    """

    clip: str
    figures: Mapping[str, Ratio]

    @classmethod
    def of(cls, clip: str, measured: PairMetrics) -> Self:
        """Take the figures from a clip's metrics, the accepted answer being side ``a``."""
        deltas, onsets, offsets = (
            measured.boundary_deltas,
            measured.onset_deltas,
            measured.offset_deltas,
        )
        values = (
            *measured.runs.f1s,
            measured.runs.edit,
            measured.frames.agreement,
            Ratio(deltas.absolute, deltas.n),
            Ratio(onsets.total, onsets.n),
            Ratio(offsets.total, offsets.n),
        )
        return cls(clip=clip, figures=dict(zip(FIGURES, values, strict=True)))

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "clip": self.clip,
            "figures": {name: list(ratio) for name, ratio in self.figures.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If it is not that.
        """
        with reading("a clip's score"):
            given = data["figures"]
            figures = {name: Ratio(*map(float, given[name])) for name in FIGURES}
            if not all(np.isfinite(ratio).all() and ratio.below >= 0 for ratio in figures.values()):
                raise ValueError("a figure is not finite, or is over less than nothing")
            return cls(clip=str(data["clip"]), figures=figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a comparison.

    Parameters
    ----------
    promote : bool
        Whether the candidate takes over.
    reason : str
        A sentence.
    n_clips : int
        Held-out clips compared.
    ahead : float or None
        Share of the replicates in which the candidate's F1@50 is higher; ties count half. None
        where nothing was drawn.
    """

    promote: bool
    reason: str
    n_clips: int
    ahead: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def pooled(scores: Iterable[ClipScore]) -> dict[str, float | None]:
    """Return every figure over clips: ratios of sums, None where there is nothing to compare."""
    rows = list(scores)
    found = {}
    for name in FIGURES:
        ratios = [row.figures[name] for row in rows]
        total = Ratio(sum(r.above for r in ratios), sum(r.below for r in ratios))
        found[name] = None if total.value is None else round(total.value, 5)
    return found


def judge(
    candidate: Sequence[ClipScore],
    rival: Sequence[ClipScore],
    rule: PromotionRule = PromotionRule(),
) -> Verdict:
    """Say whether a candidate takes its rival's place.

    Raises
    ------
    InputError
        If the two were not measured on the same clips, each once.

    Notes
    -----
    The draws follow from the clips' uids alone: the same scores get the same verdict, in
    whichever order they come.
    """
    ours, theirs = _by_clip(candidate), _by_clip(rival)
    if ours.keys() != theirs.keys():
        raise InputError("The candidate and its rival were measured on different clips.")
    clips = sorted(ours)
    n_clips = len(clips)
    if n_clips < rule.min_clips:
        reason = f"{n_clips} held-out clips decide nothing; {rule.min_clips} are needed."
        return Verdict(promote=False, reason=reason, n_clips=n_clips)
    mine, yours = pooled(candidate), pooled(rival)
    f1, rival_f1 = mine[JUDGED] or 0.0, yours[JUDGED] or 0.0
    ahead = _share_ahead([ours[clip] for clip in clips], [theirs[clip] for clip in clips], rule)
    said = f"On {n_clips} held-out clips its F1@50 is {f1:.3f} against {rival_f1:.3f}"
    if f1 <= rival_f1:
        return Verdict(promote=False, reason=f"{said}.", n_clips=n_clips, ahead=ahead)
    if ahead < rule.confidence:
        reason = f"{said}, but ahead in {ahead:.1%} of the draws only, not {rule.confidence:.0%}."
        return Verdict(promote=False, reason=reason, n_clips=n_clips, ahead=ahead)
    if _is_further_off(mine[MAE], yours[MAE], rule.mae_slack):
        off = "none found" if mine[MAE] is None else f"{mine[MAE]:.2f} frames"
        reason = f"{said}, but its boundaries are further off: {off} against {yours[MAE]:.2f}."
        return Verdict(promote=False, reason=reason, n_clips=n_clips, ahead=ahead)
    reason = f"{said}, ahead in {ahead:.1%} of the draws; its boundaries are no further off."
    return Verdict(promote=True, reason=reason, n_clips=n_clips, ahead=ahead)


def _by_clip(scores: Sequence[ClipScore]) -> dict[str, ClipScore]:
    found = {score.clip: score for score in scores}
    if len(found) < len(scores):
        raise InputError("A clip is scored twice.")
    return found


def _is_further_off(mine: float | None, yours: float | None, slack: float) -> bool:
    """Compare mean errors; who finds no boundary at all is further off than who finds some."""
    if yours is None:
        return False
    return mine is None or mine > yours + slack


def _share_ahead(ours: list[ClipScore], theirs: list[ClipScore], rule: PromotionRule) -> float:
    """Draw clips with replacement, both models' together, and see who is ahead."""
    seed = int(content_hash([score.clip for score in ours])[:16], 16)
    generator = np.random.default_rng(seed)
    n_clips, wins = len(ours), 0.0
    mine, yours = _sums(ours), _sums(theirs)
    # A part of the draws at a time: all at once take memory with the number of clips.
    size = max(1, MOST_CELLS // n_clips)
    for first in range(0, rule.n_replicates, size):
        n_draws = min(size, rule.n_replicates - first)
        draws = generator.multinomial(n_clips, [1 / n_clips] * n_clips, size=n_draws)
        ahead, behind = _drawn(mine, draws), _drawn(yours, draws)
        wins += np.count_nonzero(ahead > behind) + 0.5 * np.count_nonzero(ahead == behind)
    return round(float(wins / rule.n_replicates), 4)


def _sums(scores: list[ClipScore]) -> Values:
    return np.array([score.figures[JUDGED] for score in scores], dtype=np.float64)


def _drawn(sums: Values, draws: npt.NDArray[np.int64]) -> Values:
    """Return the judged figure of each draw; 0 where there is nothing to compare."""
    totals = draws @ sums
    above, below = totals[:, 0], totals[:, 1]
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
