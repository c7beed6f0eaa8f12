"""One row of the table that tier 3 judges: one question, one person."""

from __future__ import annotations

from dataclasses import dataclass

from services.domain.monitoring.signals import Direction, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A person's answer to a question, before the table as a whole is judged.

    Parameters
    ----------
    person, question, direction
        As :class:`.signals.Signal` has them.
    p_value : float
        How often a sound person's figure would be as high; 1 where a chart keeps its limit.
    value, expected : float
        As :class:`.signals.Signal` has them.
    n_cases : int
        Cases in the whole history.
    since_index : int
        Place in the history of the estimated change point.
    """

    person: str
    question: Question
    direction: Direction | None = None
    p_value: float
    value: float
    expected: float
    n_cases: int
    since_index: int
