"""How long people take for a clip, as whole numbers that add up.

Conventions
-----------
Times are skewed: a task left open over lunch outweighs a day's work in a mean. The typical time
is therefore the geometric mean, with Student's interval on the logarithms; the plain total is
kept beside it for what the work costs. Logarithms are kept in thousandths, so that sums are
integers and adding up in any order gives the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import exp, log
from typing import Self

from services.domain.monitoring.intervals import LEVEL, Interval, mean_interval

_SCALE = 1000
SHORTEST_MS = 1
"""A time of nothing has no logarithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTally:
    """Sums over answers whose time is known.

    Parameters
    ----------
    n : int
        How many.
    total_ms : int
        Their time in milliseconds.
    logs, logs_squared : int
        Sums of the times' natural logarithms (of milliseconds) in thousandths, and of the
        squares of these.
    """

    n: int = 0
    total_ms: int = 0
    logs: int = 0
    logs_squared: int = 0

    @classmethod
    def of(cls, time_s: float | None) -> Self:
        """Count one answer; one whose time nobody knows counts nothing."""
        if time_s is None or time_s < 0:
            return cls()
        time_ms = max(SHORTEST_MS, round(time_s * 1000))
        scaled = round(log(time_ms) * _SCALE)
        return cls(n=1, total_ms=time_ms, logs=scaled, logs_squared=scaled * scaled)

    def __add__(self, other: TimeTally) -> TimeTally:
        return TimeTally(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            }
        )

    @property
    def mean_s(self) -> float | None:
        """Mean time an answer in seconds; None without any."""
        return self.total_ms / self.n / 1000 if self.n else None

    @property
    def typical_s(self) -> float | None:
        """Geometric mean in seconds; None without any."""
        return exp(self.logs / self.n / _SCALE) / 1000 if self.n else None

    def typical_interval_s(self, level: float = LEVEL) -> Interval | None:
        """Return the interval of the typical time in seconds; None below two answers."""
        found = mean_interval(self.n, self.logs, self.logs_squared, level=level)
        if found is None:
            return None
        low, high = (exp(bound / _SCALE) / 1000 for bound in found)
        return low, high
