"""From probabilities to segments that keep the rules: an exact search over whole segments.

The best path through the automaton of :mod:`models.temporal.rules` is found by dynamic
programming over segments (a semi-Markov Viterbi search; Ostendorf, Digalakis and Kimball, 1996).
A path's score is the sum of its steps' log-probabilities plus, at each boundary inside the clip,
the log of how much the boundary head sees an offset of what ends and an onset of what begins.
Costs a constant a step and state, whatever the labels' lengths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.temporal.rules import Rules
from models.temporal.tracks import Grid, Indices

Array = NDArray[np.float64]
NEVER = -1e30
# The least that the boundary head can say: it may be wrong, too.
LEAST_HEAT = 1e-3
MASS = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a model says of the steps ``[low, low + n)`` of one track.

    Parameters
    ----------
    logs : array, shape (n, classes)
        Log-probabilities.
    heat : array, shape (n, 2)
        How much an onset and an offset is seen at each step, in 0..1.
    low : int
        First step.
    """

    logs: Array
    heat: Array
    low: int = 0

    @property
    def high(self) -> int:
        """Step after the last."""
        return self.low + len(self.logs)


@dataclass(frozen=True, slots=True)
class Piece:
    """A state on the steps ``[low, high)``."""

    state: int
    low: int
    high: int


def decode(
    evidence: Evidence, rules: Rules, grid: Grid, *, begin: int = 0, is_last: bool = True
) -> list[Piece] | None:
    """Return the best path, or None where no path keeps the rules.

    Parameters
    ----------
    evidence : Evidence
        From the clip's begin, or from a boundary that is certain.
    rules : Rules
        Of the track.
    grid : Grid
        Of the whole clip.
    begin : int
        State before the first step: 0 at the clip's begin.
    is_last : bool
        Whether the evidence reaches the clip's end, where only some states may stand.
    """
    search = _Search(evidence, rules, grid)
    done = search.run(begin)
    if is_last:
        done = np.where(rules.final, done, NEVER)
    state = int(np.argmax(done))
    return None if done[state] <= NEVER / 2 else search.trace(state)


class _Search:
    """Tables of one search; rows are steps from the evidence's first."""

    def __init__(self, evidence: Evidence, rules: Rules, grid: Grid) -> None:
        self.evidence, self.rules, self.grid = evidence, rules, grid
        n_steps, n_states = len(evidence.logs), len(rules.states)
        sums = np.zeros((n_steps + 1, evidence.logs.shape[1]))
        np.cumsum(evidence.logs, axis=0, out=sums[1:])
        self.sums = sums[:, rules.classes]  # (n_steps + 1, n_states)
        self.least, self.most = np.array(rules.least), np.array(rules.most)
        # Scores of entering a state, less the sums up to there. Rows of NEVER stand before the
        # first step, so that nobody need ask whether a state can have begun already.
        self.pad = int(self.least.max()) // grid.stride + 2
        self.entered = np.full((self.pad + n_steps + 1, n_states), NEVER)
        self.came_from = np.zeros((n_steps + 1, n_states), dtype=np.int16)
        self.began_at = np.zeros((n_steps + 1, n_states), dtype=np.int32)
        self.is_label = (rules.classes > 0).astype(np.float64)
        self.bars = np.where(rules.edges, 0.0, NEVER)

    def run(self, begin: int) -> Array:
        """Fill the tables; return the scores of ending in each state."""
        n_steps, n_states = len(self.sums) - 1, self.sums.shape[1]
        self._begin(begin)
        on, off = (cost[:, None] * self.is_label for cost in boundary_costs(self.evidence))
        columns = np.arange(n_states)
        scores = self.entered.reshape(-1)
        best: Array = np.full(n_states, NEVER)
        argbest: Indices = np.zeros(n_states, dtype=np.int64)
        limited = np.flatnonzero(self.most)
        shortest, longest = self._limits(1)
        done = best
        for step in range(1, n_steps + 1):
            if step == n_steps:
                shortest, longest = self._limits(step)
            values = scores.take((self.pad + step - shortest) * n_states + columns)
            np.copyto(argbest, step - shortest, where=values >= best)
            best = np.maximum(best, values)
            if len(limited):
                earliest = np.maximum(step - longest, 0)
                for state in limited[argbest[limited] < earliest[limited]]:
                    latest = step - int(shortest[state])
                    self._look_again(int(state), int(earliest[state]), latest, best, argbest)
            done = best + self.sums[step]
            self.began_at[step] = argbest
            if step < n_steps:
                totals = (done + off[step])[:, None] + self.bars
                before = totals.argmax(axis=0)
                self.came_from[step] = before
                entering = totals[before, columns] + on[step]
                self.entered[self.pad + step] = np.maximum(entering - self.sums[step], NEVER)
        return done

    def _begin(self, state: int) -> None:
        """Enter what may come after a state, at the first step."""
        self.entered[self.pad] = self.bars[state]
        if self.rules.may_begin_empty and self.evidence.low == 0:
            self.entered[self.pad, 0] = 0.0
        self.came_from[0] = state

    def _limits(self, step: int) -> tuple[Indices, Indices]:
        """Return the least and greatest number of steps of what ends at a step.

        They are the same at every step but the clip's last, which may be short of frames.
        """
        at, stride = self.evidence.low + step, self.grid.stride
        missing = at * stride - self.grid.frame(at)
        shortest = -(-(self.least + missing) // stride)
        return shortest, (self.most + missing) // stride

    def _look_again(
        self, state: int, earliest: int, latest: int, best: Array, argbest: Indices
    ) -> None:
        """Find the best begin within the limits, the one so far being too long ago."""
        if earliest > latest:
            best[state], argbest[state] = NEVER, latest + 1
            return
        column = self.entered[self.pad + earliest : self.pad + latest + 1, state]
        place = int(column.argmax())
        best[state], argbest[state] = column[place], earliest + place

    def trace(self, state: int) -> list[Piece]:
        """Walk back from the last step."""
        pieces: list[Piece] = []
        step, low = len(self.sums) - 1, self.evidence.low
        while step > 0:
            began = int(self.began_at[step, state])
            pieces.append(Piece(state, low + began, low + step))
            state, step = int(self.came_from[began, state]), began
        return pieces[::-1]


def boundary_costs(evidence: Evidence) -> tuple[Array, Array]:
    """Return the (negative) scores of an onset and of an offset at each step, shape (n + 1,)."""
    logs = np.log(np.clip(evidence.heat, LEAST_HEAT, 1.0))
    padded = np.concatenate([logs, np.zeros((1, 2))])
    return padded[:, 0], padded[:, 1]


def spread(evidence: Evidence, rules: Rules, before: Piece, after: Piece, *, reach: int) -> int:
    """Return to how many steps on either side 80 % of the probability of a boundary keeps.

    What would be scored if this boundary alone were moved, as a distribution over its places
    between the neighbouring boundaries and at most ``reach`` steps away.
    """
    at = after.low
    low, high = max(before.low + 1, at - reach), min(after.high - 1, at + reach)
    rows = np.arange(low, high + 1) - evidence.low
    left, right = (rules.classes[piece.state] for piece in (before, after))
    gained = evidence.logs[low - evidence.low : high - evidence.low]
    change = np.concatenate([[0.0], np.cumsum(gained[:, left] - gained[:, right])])
    on, off = boundary_costs(evidence)
    scores = change + (on[rows] if right else 0) + (off[rows] if left else 0)
    shares = np.exp(scores - scores.max())
    distance = np.abs(np.arange(low, high + 1) - at)
    within = np.bincount(distance, weights=shares).cumsum()
    return int(np.searchsorted(within, MASS * within[-1] * (1 - 1e-12)))
