"""Each stratum's own order of the clips that wait, and what it goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.domain.canonical import unit_interval
from services.domain.errors import InputError
from services.domain.queueing.candidates import Candidate
from services.domain.queueing.coverage import Floats, covering_order
from services.domain.queueing.rules import QueueRules, Stratum

Order = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One stratum's order.

    Parameters
    ----------
    order : ndarray of int
        Places of its candidates in the sequence given, the first one first. Not all need be in it.
    terms : sequence of (str, float)
        Of every candidate in the sequence given: what counts most for the stratum, how much.
    """

    order: Order
    terms: Sequence[tuple[str, float]]


def lines_of(
    candidates: Sequence[Candidate],
    *,
    rules: QueueRules,
    labelled_shares: Mapping[str, float],
    labelled: Floats,
    seed: int,
) -> dict[Stratum, Line]:
    """Return the order of every stratum; that of the typical holds all candidates.

    A clip's own figures move only that clip within an order: those of the others stay as they
    are to each other. From this it follows that a greater gain never means a later place.
    """
    ties = _lots(candidates, seed, "ties")
    lots = _lots(candidates, seed, "typical")
    rare = [_rarity(one, labelled_shares) for one in candidates]
    rarity = np.array([total for _, _, total in rare])
    gains = _gains(candidates, rarity, rules)
    weighed = np.array([[part for _, _, part in parts] for parts in gains]).reshape(-1, 3)
    false_alarm = np.array([one.false_alarm for one in candidates])
    waited = np.array([one.waited_h for one in candidates])
    covering = _covering(candidates, labelled, _lots(candidates, seed, "sample"), rules.shortlist)
    places = np.empty(len(candidates), dtype=np.intp)
    places[covering] = np.arange(len(candidates))
    return {
        Stratum.TYPICAL: Line(
            order=np.argsort(lots, kind="stable"), terms=[("lot", lot) for lot in lots.tolist()]
        ),
        Stratum.UNCERTAIN: Line(
            order=_greatest_first(weighed.sum(axis=1), ties),
            terms=[max(parts, key=lambda part: part[2])[:2] for parts in gains],
        ),
        Stratum.DIVERSE: Line(order=covering, terms=[("coverage", at) for at in places.tolist()]),
        Stratum.RARE: Line(
            order=_greatest_first(rarity, ties, least=np.nextafter(0, 1)),
            terms=[(label, share) for label, share, _ in rare],
        ),
        Stratum.HARD_NEGATIVES: Line(
            order=_greatest_first(false_alarm, ties, least=np.nextafter(0, 1)),
            terms=[("false_alarm", value) for value in false_alarm.tolist()],
        ),
        Stratum.OVERDUE: Line(
            order=_greatest_first(waited, ties, least=rules.patience_h),
            terms=[("waited_h", value) for value in waited.tolist()],
        ),
    }


def _lots(candidates: Sequence[Candidate], seed: int, purpose: str) -> Floats:
    return np.array([unit_interval(seed, "queue", purpose, one.uid) for one in candidates])


def _greatest_first(values: Floats, ties: Floats, *, least: float = -np.inf) -> Order:
    order: Order = np.lexsort((ties, -values))
    kept: Order = order[values[order] >= least]
    return kept


def _rarity(candidate: Candidate, labelled_shares: Mapping[str, float]) -> tuple[str, float, float]:
    """Return the label that counts most, its predicted share, and the rarity in 0..1.

    A label is short as far as its share of the labelled segments is below an equal share of all
    known labels; one that was never labelled is wholly short.
    """
    fair = 1 / max(1, len(labelled_shares))
    parts = sorted(
        (-share * max(0.0, 1 - labelled_shares.get(label, 0.0) / fair), label, share)
        for label, share in candidate.label_shares.items()
    )
    if not parts:
        return "", 0.0, 0.0
    _, label, share = parts[0]
    return label, share, min(1.0, -sum(part for part, _, _ in parts))


def _gains(
    candidates: Sequence[Candidate], rarity: Floats, rules: QueueRules
) -> list[tuple[tuple[str, float, float], ...]]:
    """Return the terms of each clip's expected gain: name, value, weighed value."""
    weights = rules.gain
    return [
        (
            ("uncertainty", one.uncertainty, weights.uncertainty * one.uncertainty),
            ("disagreement", one.disagreement, weights.disagreement * one.disagreement),
            ("rarity", rare, weights.rarity * rare),
        )
        for one, rare in zip(candidates, rarity.tolist(), strict=True)
    ]


def _covering(candidates: Sequence[Candidate], labelled: Floats, lots: Floats, most: int) -> Order:
    """Return all candidates: a sample by how much they cover, then the rest by lot."""
    by_lot = np.argsort(lots, kind="stable")
    known = [index for index in by_lot.tolist() if candidates[index].embedding][:most]
    if len({len(candidates[index].embedding) for index in known} | _width(labelled)) > 1:
        raise InputError("The embeddings are not all of one model: their lengths differ.")
    points = np.array([candidates[index].embedding for index in known], dtype=np.float64)
    first = [known[index] for index in covering_order(points, labelled=labelled)]
    sampled = set(first)
    rest = [index for index in by_lot.tolist() if index not in sampled]
    return np.array([*first, *rest], dtype=np.intp)


def _width(labelled: Floats) -> set[int]:
    return {labelled.shape[1]} if len(labelled) else set()
