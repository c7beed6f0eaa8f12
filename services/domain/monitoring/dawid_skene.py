"""How reliable people are, from each other's answers and from what is known.

Conventions
-----------
An *item* is a place where somebody saw something: a pair of matched segments, or one that
was left alone. A *vote* is one person's label for it, None where they hold nothing. Each
person has a confusion matrix: the chance of each vote given the truth. Both the truths and
the matrices are estimated, by expectation and maximisation.

Two blind opinions give the same few votes over and over, so an item has a ``weight``: how
often it was seen. A million comparisons are as many items as there are pairs of people and
pairs of labels. Items whose truth is known (gold, arbitration) are clamped to it.

Notes
-----
With two votes an item, the votes alone cannot tell who errs: where ana always says X and ben
always Y, either may be right. Gold clamps decide it, and the priors keep the rest from
running to 0 or 1: a person is taken to be right more often than wrong until the votes say
otherwise. The model knows no difficulty of items and takes votes as independent given the
truth; two people led by one draft are not, and their reliability comes out too high.

References
----------
Dawid, A. P. and Skene, A. M. (1979). Maximum likelihood estimation of observer error-rates
    using the EM algorithm. Applied Statistics 28, 20-28.
Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete
    data via the EM algorithm. JRSS B 39, 1-38: maximum a posteriori.
Snow, R. et al. (2008). Cheap and fast - but is it good? Proc. EMNLP, 254-263: gold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, xlogy

from services.domain.comparison.disputes import Comparison
from services.domain.errors import InputError

Label = str | None
"""A label, or None for nothing."""

Matrix = NDArray[np.float64]

_DIAGONAL_PRIOR: Final = 4.0
_PRIOR: Final = 1.0
"""Votes that everybody is taken to have given before the first: right ones, and the wrong
ones of each row together. Together they make 80 % right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A set of votes, seen ``weight`` times.

    Parameters
    ----------
    votes : tuple of (str, str or None)
        Person and label, one for each person.
    truth : str or None
        Counts only where ``is_known``.
    is_known : bool
        Whether the truth is gold's or an arbiter's.
    weight : int
        How often it was seen.
    """

    votes: tuple[tuple[str, Label], ...]
    truth: Label = None
    is_known: bool = False
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """What the model came to.

    Parameters
    ----------
    labels : tuple of str or None
        The classes, None last where it occurs.
    prevalence : ndarray, shape (k,)
        Share of each class among the truths.
    confusion : mapping of str to ndarray, shape (k, k)
        Each person's chance of each vote (column) given the truth (row).
    posteriors : ndarray, shape (n_items, k)
        Chance of each truth of each item, in the order given.
    objective : tuple of float
        Log posterior after each step; never falls.
    """

    labels: tuple[Label, ...]
    prevalence: Matrix
    confusion: Mapping[str, Matrix]
    posteriors: Matrix
    objective: tuple[float, ...]

    def accuracy(self, person: str) -> float:
        """Return how often the person is right, over the truths as they are common."""
        return float(self.prevalence @ np.diag(self.confusion[person]))


def items_of(comparison: Comparison, *, a: str, b: str) -> Iterator[Item]:
    """Take a comparison of two people apart into items of two votes."""
    for votes, count in _pairs(comparison).items():
        yield Item(votes=((a, votes[0]), (b, votes[1])), weight=count)


def gold_items_of(comparison: Comparison, *, person: str) -> Iterator[Item]:
    """Take a comparison of gold (``a``) with a person's answer apart into known items."""
    for (truth, vote), count in _pairs(comparison).items():
        yield Item(votes=((person, vote),), truth=truth, is_known=True, weight=count)


def merge_items(items: Iterable[Item]) -> tuple[Item, ...]:
    """Join equal items into one of their weights' sum, in order of first appearance."""
    weights: Counter[tuple[tuple[tuple[str, Label], ...], Label, bool]] = Counter()
    for item in items:
        weights[item.votes, item.truth, item.is_known] += item.weight
    return tuple(
        Item(votes=votes, truth=truth, is_known=is_known, weight=weight)
        for (votes, truth, is_known), weight in weights.items()
    )


def dawid_skene(
    items: Sequence[Item], *, tolerance: float = 1e-9, max_steps: int = 500
) -> Reliability:
    """Estimate everybody's confusion matrix and every item's truth.

    Parameters
    ----------
    items : sequence of Item
        At least one, each with at least one vote.
    tolerance : float
        Stops when a step adds less to the objective, relative to its size.
    max_steps : int
        Stops after as many.

    Returns
    -------
    Reliability
        The same for the same items: it begins at the majority vote and draws no lots.

    Raises
    ------
    InputError
        If there is no item, or one without votes.
    """
    if not items or not all(item.votes for item in items):
        raise InputError("Reliability needs at least one item, and each item a vote.")
    board = _Board.of(items)
    posteriors = board.majority()
    objective: list[float] = []
    while True:
        prevalence, confusion = board.maximise(posteriors)
        posteriors, evidence = board.expect(prevalence, confusion)
        objective.append(evidence + board.log_prior(confusion))
        if len(objective) == max_steps or (
            len(objective) > 1
            and objective[-1] - objective[-2] <= tolerance * (1 + abs(objective[-1]))
        ):
            break
    return Reliability(
        labels=board.labels,
        prevalence=prevalence,
        confusion=dict(zip(board.people, confusion, strict=True)),
        posteriors=posteriors,
        objective=tuple(objective),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Board:
    """The items as arrays; one entry of ``item``, ``person`` and ``vote`` for each vote."""

    people: tuple[str, ...]
    labels: tuple[Label, ...]
    item: NDArray[np.int64]
    person: NDArray[np.int64]
    vote: NDArray[np.int64]
    weights: Matrix  # (n_items,)
    truths: NDArray[np.int64]  # (n_items,), -1 where it is not known
    prior: Matrix  # (k, k)

    @classmethod
    def of(cls, items: Sequence[Item]) -> _Board:
        votes = [(i, *vote) for i, item in enumerate(items) for vote in item.votes]
        people = tuple(sorted({person for _, person, _ in votes}))
        known = {item.truth for item in items if item.is_known}
        labels = tuple(
            sorted({label for *_, label in votes} | known, key=lambda x: (x is None, x or ""))
        )
        place = {label: i for i, label in enumerate(labels)}
        seat = {person: i for i, person in enumerate(people)}
        k = len(labels)
        prior = np.full((k, k), _PRIOR / max(1, k - 1))
        np.fill_diagonal(prior, _DIAGONAL_PRIOR)
        return cls(
            people=people,
            labels=labels,
            item=np.array([i for i, _, _ in votes]),
            person=np.array([seat[person] for _, person, _ in votes]),
            vote=np.array([place[label] for _, _, label in votes]),
            weights=np.array([item.weight for item in items], dtype=np.float64),
            truths=np.array([place[item.truth] if item.is_known else -1 for item in items]),
            prior=prior,
        )

    def majority(self) -> Matrix:
        """Begin with each item's share of votes for each truth."""
        shares = np.zeros((len(self.weights), len(self.labels)))
        np.add.at(shares, (self.item, self.vote), 1.0)
        return self._clamped(shares / shares.sum(axis=1, keepdims=True))

    def maximise(self, posteriors: Matrix) -> tuple[Matrix, Matrix]:
        """Return prevalence and confusion that fit these truths best, prior included."""
        weighted = self.weights[:, None] * posteriors
        counts = np.broadcast_to(self.prior, (len(self.people), *self.prior.shape)).copy()
        # One row of a person's matrix for each truth, one column for each vote.
        np.add.at(counts.transpose(0, 2, 1), (self.person, self.vote), weighted[self.item])
        prevalence = weighted.sum(axis=0) + 1.0
        return prevalence / prevalence.sum(), counts / counts.sum(axis=2, keepdims=True)

    def expect(self, prevalence: Matrix, confusion: Matrix) -> tuple[Matrix, float]:
        """Return the truths' chances under these, and the log likelihood of all votes."""
        logs = np.tile(np.log(prevalence), (len(self.weights), 1))
        np.add.at(logs, self.item, np.log(confusion[self.person, :, self.vote]))
        known = self.truths >= 0
        joint = logsumexp(logs, axis=1)
        joint[known] = logs[known, self.truths[known]]
        posteriors = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
        # The prior of the prevalence is one case of each class.
        likelihood = float(self.weights @ joint) + float(np.log(prevalence).sum())
        return self._clamped(posteriors), likelihood

    def log_prior(self, confusion: Matrix) -> float:
        """Return what the prior adds to the objective, but for a constant."""
        return float(xlogy(self.prior, confusion).sum())

    def _clamped(self, posteriors: Matrix) -> Matrix:
        known = np.flatnonzero(self.truths >= 0)
        posteriors[known] = 0.0
        posteriors[known, self.truths[known]] = 1.0
        return posteriors


def _pairs(comparison: Comparison) -> Counter[tuple[Label, Label]]:
    """Count the pairs of labels of a comparison's outcomes, None where a side holds nothing."""
    pairs: Counter[tuple[Label, Label]] = Counter(
        (agreed.a.label, agreed.b.label) for agreed in comparison.agreed
    )
    pairs.update(
        (
            dispute.a[0].label if dispute.a else None,
            dispute.b[0].label if dispute.b else None,
        )
        for dispute in comparison.disputes
    )
    return pairs
