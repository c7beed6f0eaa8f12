"""A track's rules as an automaton: what may follow what, and how long each may last.

A state is a class (0 is "nothing") with what has to be remembered for the rules: the label before
a gap where labels say what may follow them, and the last step where the layer has steps. The
automaton's edges are exactly what tier 1 lets pass of ``followed_by``, ``steps`` and ``complete``;
``min_frames`` and ``max_frames`` go with the state. Not kept: ``impossible_together``, which is
about several tracks, and ``flicker_frames``, which is a remark.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.domain.taxonomy import Layer

MOST_STATES = 400


@dataclass(frozen=True, slots=True)
class State:
    """A class, and what is remembered: the last label (or its place) and the last step's rank."""

    number: int = 0
    label: int = 0
    rank: int = -1


@dataclass(frozen=True, kw_only=True)
class Rules:
    """An automaton; state 0 is "nothing yet".

    Parameters
    ----------
    states : tuple of State
        All that can be reached.
    edges : array of bool, shape (n, n)
        From row to column.
    final : array of bool, shape (n,)
        Whether a clip may end in the state.
    may_begin_empty : bool
        Whether a clip may begin with nothing marked.
    least, most : tuple of int
        Limits in frames, of each state; ``most`` 0 is none.
    ignored : tuple of str
        Rules of the layer that are not in it.
    """

    states: tuple[State, ...]
    edges: NDArray[np.bool_]
    final: NDArray[np.bool_]
    may_begin_empty: bool
    least: tuple[int, ...]
    most: tuple[int, ...]
    ignored: tuple[str, ...] = field(default=())

    @property
    def classes(self) -> NDArray[np.intp]:
        """Class of each state."""
        return np.array([state.number for state in self.states], dtype=np.intp)


def rules_in_turn(layer: Layer) -> Iterator[Rules]:
    """Yield the layer's rules, then weaker ones for a clip that cannot keep them all.

    The last ones can be kept by any clip: nothing need be marked.
    """
    ignored: tuple[str, ...] = ()
    for drop in ((), ("steps",), ("complete",)):
        ignored = (*ignored, *drop)
        built = _build(layer, ignored)
        if built is not None:
            yield built


def _build(layer: Layer, ignored: tuple[str, ...]) -> Rules | None:
    """Return the automaton, or None where it would grow too large."""
    checker = _Checker(layer, with_steps="steps" not in ignored)
    is_complete = layer.complete and "complete" not in ignored
    states = [State()]
    edges: list[tuple[int, int]] = []
    for place, state in enumerate(states):  # grows as new states are met
        for follower in checker.followers(state, is_complete=is_complete):
            if follower not in states:
                states.append(follower)
            edges.append((place, states.index(follower)))
        if len(states) > MOST_STATES and (layer.steps and checker.ranks):
            return None
    table = np.zeros((len(states), len(states)), dtype=np.bool_)
    for before, after in edges:
        table[before, after] = True
    labels = [layer.labels[state.number - 1] if state.number else None for state in states]
    return Rules(
        states=tuple(states),
        edges=table,
        final=np.array([checker.may_end(state) for state in states]),
        may_begin_empty=not is_complete,
        least=tuple(1 if label is None else label.min_frames for label in labels),
        most=tuple(0 if label is None else label.max_frames or 0 for label in labels),
        ignored=ignored,
    )


class _Checker:
    """Says what may come next, as tier 1 does."""

    def __init__(self, layer: Layer, *, with_steps: bool) -> None:
        self.layer = layer
        self.names = [label.name for label in layer.labels]
        self.remembers_label = any(label.followed_by is not None for label in layer.labels)
        steps = layer.steps if with_steps else ()
        self.ranks = {step: rank for rank, step in enumerate(steps)}
        self.required = {self.ranks[step] for step in steps if step not in layer.optional_steps}

    def followers(self, state: State, *, is_complete: bool) -> Iterator[State]:
        """Yield the states that may come right after one."""
        if state.number and not is_complete:
            label = state.number if self.remembers_label else 0
            yield State(0, label, state.rank)
        for number, name in enumerate(self.names, start=1):
            rank = self.ranks.get(name)
            if self._may_follow(state, number) and self._keeps_order(state.rank, rank):
                memory = number if self.remembers_label else 0
                yield State(number, memory, state.rank if rank is None else rank)

    def may_end(self, state: State) -> bool:
        """Say whether a clip may end here."""
        return not (
            self.layer.steps_from_end_to_end and self._lacks(state.rank + 1, len(self.ranks))
        )

    def _may_follow(self, state: State, number: int) -> bool:
        name = self.names[number - 1]
        before = state.label or state.number
        allowed = self.layer.labels[before - 1].followed_by if before else None
        if state.number == number:
            # One label in two touching pieces is one segment, unless the label says otherwise.
            return allowed is not None and name in allowed
        return allowed is None or name in allowed

    def _keeps_order(self, last: int, rank: int | None) -> bool:
        if rank is None:
            return True
        if last < 0:
            return not (self.layer.steps_from_end_to_end and self._lacks(0, rank))
        if rank >= last:
            return not self._lacks(last + 1, rank)
        begins_anew = self.layer.steps_repeat and not self._lacks(0, rank)
        return begins_anew and not self._lacks(last + 1, len(self.ranks))

    def _lacks(self, low: int, high: int) -> bool:
        return any(rank in self.required for rank in range(low, high))
