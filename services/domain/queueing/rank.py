"""The order in which clips go to people.

Conventions
-----------
Every place belongs to a stratum, in turns that keep the strata's shares within one at every
prefix. A stratum hands out the first clip of its own order that has not been handed out; so a
share of the typical is labelled however many hard clips there are, and every clip comes at last.
Clips of a source that has had more than its share so far are passed over, unless the stratum has
no other.

A clip with a greater gain, and otherwise unchanged, never comes later. Nothing depends on the
order in which candidates are given, and all lots follow from the seed and the clips' uids.

References
----------
Settles, B. (2009). Active learning literature survey. University of Wisconsin-Madison, 1648
    (uncertainty; expected gain).
Hacohen, G., Dekel, A. and Weinshall, D. (2022). Active learning on a budget: opposite strategies
    suit high and low budgets. ICML (why the typical and the diverse come in from the start).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from services.domain.errors import InputError
from services.domain.queueing.candidates import Candidate, Ranked
from services.domain.queueing.coverage import Floats
from services.domain.queueing.rules import QueueRules, Stratum
from services.domain.queueing.strata import Line, lines_of
from services.domain.queueing.turns import Turns


def rank(
    candidates: Sequence[Candidate],
    *,
    rules: QueueRules,
    labelled_shares: Mapping[str, float],
    seed: int,
    labelled: Sequence[tuple[float, ...]] = (),
    n_before: int = 0,
) -> tuple[Ranked, ...]:
    """Give every clip that waits a place, with its reason.

    Parameters
    ----------
    candidates : sequence of Candidate
        In any order.
    rules : QueueRules
        Shares and weights.
    labelled_shares : mapping of str to float
        Share of the labelled segments a label, with 0 for labels of the taxonomy that were never
        labelled; empty while nothing is labelled.
    seed : int
        Of all lots.
    labelled : sequence of tuple of float
        Embeddings of clips that are labelled already, by the candidates' model.
    n_before : int
        Places handed out by earlier rankings. The turns go on from there, so that shares are kept
        however often, and after however few clips, the rest is ranked anew.

    Returns
    -------
    tuple of Ranked
        All candidates, by place.

    Raises
    ------
    InputError
        If two candidates have one uid, or embeddings differ in length.

    Notes
    -----
    O(n log n) in the candidates; diversity is judged on ``rules.shortlist`` of them.
    """
    known = sorted(candidates, key=lambda one: one.uid)
    if len({one.uid for one in known}) < len(known):
        raise InputError("Two candidates have one uid.")
    lines = lines_of(
        known,
        rules=rules,
        labelled_shares=labelled_shares,
        labelled=_points(labelled),
        seed=seed,
    )
    return _Draw(known, lines, rules, n_before).run()


def _points(embeddings: Sequence[tuple[float, ...]]) -> Floats:
    if len({len(one) for one in embeddings}) > 1:
        raise InputError("The embeddings are not all of one model: their lengths differ.")
    return np.array(embeddings, dtype=np.float64)


class _Draw:
    """Hands out places until no clip is left."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        lines: Mapping[Stratum, Line],
        rules: QueueRules,
        n_before: int,
    ) -> None:
        self.candidates, self.lines = candidates, lines
        numbers: dict[str, int] = {}
        self.groups = [
            # Numbers below 0 are sources of one clip.
            -1 - index if one.group is None else numbers.setdefault(one.group, len(numbers))
            for index, one in enumerate(candidates)
        ]
        self.most = rules.most_of_one_source
        self.had: dict[int, int] = {}
        self.is_taken = [False] * len(candidates)
        self.turns = Turns(
            {stratum: rules.shares.of(stratum) for stratum in Stratum if len(lines[stratum].order)}
        )
        for _ in range(n_before if candidates else 0):
            self.turns.take(self.turns.peek())
        self.queues = {
            stratum: _Queue(lines[stratum].order.tolist(), self.groups)
            for stratum in self.turns.shares
        }
        self.n_places = 0

    def run(self) -> tuple[Ranked, ...]:
        return tuple(self._next() for _ in self.candidates)

    def _next(self) -> Ranked:
        stratum = self.turns.peek()
        index = self._first_of(stratum)
        while index is None:
            self.turns.drop(stratum)
            stratum = self.turns.peek()
            index = self._first_of(stratum)
        self.turns.take(stratum)
        self.is_taken[index] = True
        group = self.groups[index]
        self.had[group] = self.had.get(group, 0) + 1
        term, value = self.lines[stratum].terms[index]
        ranked = Ranked(
            uid=self.candidates[index].uid,
            place=self.n_places,
            stratum=stratum,
            term=term,
            value=value,
        )
        self.n_places += 1
        return ranked

    def _first_of(self, stratum: Stratum) -> int | None:
        return self.queues[stratum].first(
            is_taken=self.is_taken,
            has_room=lambda group: self.had.get(group, 0) <= self.most * self.n_places,
        )


class _Queue:
    """One stratum's order, kept as a queue a source, so that a source can be passed over."""

    def __init__(self, order: Sequence[int], groups: Sequence[int]) -> None:
        self.order = order
        self.waiting: dict[int, deque[int]] = {}
        for position, index in enumerate(order):
            self.waiting.setdefault(groups[index], deque()).append(position)
        self.heads = [(queue[0], group) for group, queue in self.waiting.items()]
        heapq.heapify(self.heads)

    def first(self, *, is_taken: Sequence[bool], has_room: Callable[[int], bool]) -> int | None:
        """Return the first clip of a source that has room, else the first of all, else None."""
        passed_over: list[tuple[int, int]] = []
        found: int | None = None
        while self.heads and found is None:
            head = heapq.heappop(self.heads)
            queue = self.waiting[head[1]]
            while queue and is_taken[self.order[queue[0]]]:
                queue.popleft()
            if not queue:
                continue
            if queue[0] != head[0]:
                heapq.heappush(self.heads, (queue[0], head[1]))
                continue
            # Fewer than 1 / share sources can be over their share at once: this stays short.
            passed_over.append(head)
            if has_room(head[1]):
                found = self.order[head[0]]
        for head in passed_over:
            heapq.heappush(self.heads, head)
        if found is None and passed_over:
            found = self.order[passed_over[0][0]]
        return found
