"""Clips that wait for people, and the places they get."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.domain.errors import InputError
from services.domain.queueing.rules import Stratum

IN_UNIT = ("uncertainty", "disagreement", "false_alarm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A clip that waits, and what is known of it; what is not known is 0 or empty.

    Parameters
    ----------
    uid : str
        Of the clip.
    uncertainty : float
        The model's mean normalised entropy, 0..1.
    disagreement : float
        Of its earlier rounds' opinions, or of two drafts (cold and warm, two models), 0..1.
    false_alarm : float
        Share of drafted segments that people threw out in clips like it, 0..1
        (:func:`services.domain.queueing.lookalikes.false_alarms`).
    label_shares : mapping of str to float
        Predicted share of its time a label; labels may overlap.
    embedding : tuple of float
        Of the same model for all candidates, or empty.
    group : str, optional
        Its source: a recording, a person, a site. None is a source of its own.
    waited_h : float
        Hours since it could have been handed out.

    Raises
    ------
    InputError
        If a figure is out of its range.
    """

    uid: str
    uncertainty: float = 0.0
    disagreement: float = 0.0
    false_alarm: float = 0.0
    label_shares: Mapping[str, float] = field(default_factory=dict)
    embedding: tuple[float, ...] = ()
    group: str | None = None
    waited_h: float = 0.0

    def __post_init__(self) -> None:
        units = [getattr(self, name) for name in IN_UNIT]
        units += self.label_shares.values()
        if not all(0 <= value <= 1 for value in units):
            raise InputError(f"Clip {self.uid}: figures of the queue lie in 0..1.")
        if not 0 <= self.waited_h < math.inf or not all(map(math.isfinite, self.embedding)):
            raise InputError(f"Clip {self.uid}: its wait and its embedding must be finite.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A clip's place, and what put it there.

    Parameters
    ----------
    uid : str
        Of the clip.
    place : int
        From 0.
    stratum : Stratum
        Whose turn it was.
    term : str
        What counted most: a term of the gain, the rare label, or what the stratum goes by.
    value : float
        How much of it: the term's own value; for ``DIVERSE`` the place in its order.
    """

    uid: str
    place: int
    stratum: Stratum
    term: str
    value: float

    @property
    def reason(self) -> str:
        """A short sentence for a manager."""
        return f"{self.stratum.replace('_', ' ')}: {self.term} {self.value:.3g}"
