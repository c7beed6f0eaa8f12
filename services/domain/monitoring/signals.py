"""What calls for a manager's eye: a figure that a sound person would hardly show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Literal, Self

from services.domain.errors import reading
from services.domain.taxonomy import Side

Direction = Literal["late", "early"]


class SignalKind(StrEnum):
    """Which figure of a person stands out."""

    MISSES = "misses"
    EXTRAS = "extras"
    CONFUSION = "confusion"
    BIAS = "bias"
    SPREAD = "spread"
    RUBBER_STAMPING = "rubber_stamping"
    MISSED_PROBES = "missed_probes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of everybody's answers; None for label and layer means of all labels.

    Parameters
    ----------
    kind : SignalKind
        Which figure.
    layer, label : str or None
        The reference's label it is about (of extras, the answer's).
    answered : str or None
        Confusion only: the label given instead.
    side : Side or None
        Bias and spread only.
    """

    kind: SignalKind
    layer: str | None = None
    label: str | None = None
    answered: str | None = None
    side: Side | None = None

    @property
    def key(self) -> str:
        """A name that is the same on every run: a signal that stands is known by it."""
        parts = (self.kind, self.layer, self.label, self.answered, self.side)
        return "|".join("" if part is None else str(part) for part in parts)


def signal_key(question: Question, direction: Direction | None) -> str:
    """Name a figure and its direction, the same on every run."""
    return f"{question.key}|{direction or ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A figure of one person that stands out of everybody's.

    Parameters
    ----------
    person : str
        Whose figure.
    question : Question
        Which one.
    direction : "late", "early" or None
        Of a bias.
    p_value : float
        How often a sound person's figure would be as high, looked at alone.
    adjusted : float
        The same for the whole table (:mod:`.multiplicity`); at most the policy's rate.
    value, expected : float
        The person's figure since the change, and what is common: a share, or frames (bias:
        signed mean, late is positive; spread: mean distance).
    n_cases, n_clips : int
        Cases and gold clips it rests on: the whole history given.
    since_clip : str
        The estimated change point: the first gold clip of the fault.
    since_index : int
        Its place in the person's history.
    last_sound_clip : str or None
        The gold clip before it; whatever the person did after that one is in doubt. None
        where the fault is there from the first clip given.
    """

    person: str
    question: Question
    direction: Direction | None = None
    p_value: float
    adjusted: float
    value: float
    expected: float
    n_cases: int
    n_clips: int
    since_clip: str
    since_index: int
    last_sound_clip: str | None

    @property
    def key(self) -> str:
        """Name of the figure and direction, the same on every run."""
        return signal_key(self.question, self.direction)

    @property
    def sentence(self) -> str:
        """What a manager reads."""
        n_since = self.n_clips - self.since_index
        return (
            f"{self._what()}, against {self._figure(self.expected)} expected; since gold clip "
            f"{self.since_index + 1} of {self.n_clips} ({n_since} in a row, {self.n_cases} cases "
            f"in all, adjusted p {self.adjusted:.2g})."
        )

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, with key and sentence for the reader's sake."""
        return asdict(self) | {"key": self.key, "sentence": self.sentence}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote; the derived fields are derived again.

        Raises
        ------
        InputError
            If a field is missing, unknown or of the wrong form.
        """
        with reading("a signal", data):
            held = {name: value for name, value in data.items() if name not in {"key", "sentence"}}
            question = dict(held["question"])
            side = question["side"]
            question |= {
                "kind": SignalKind(question["kind"]),
                "side": None if side is None else Side(side),
            }
            return cls(**{**held, "question": Question(**question)})

    def _what(self) -> str:
        question = self.question
        label = "any label" if question.label is None else f'"{question.label}"'
        side = str(question.side).capitalize()
        figure = self._figure(self.value)
        match question.kind:
            case SignalKind.MISSES:
                return f"Misses {figure} of the segments of {label}"
            case SignalKind.EXTRAS:
                return f"{figure} of the answered segments of {label} are not there"
            case SignalKind.CONFUSION:
                return f'Answers {figure} of the segments of {label} with "{question.answered}"'
            case SignalKind.BIAS:
                return f"{side}s of {label} are {self.direction}: {figure} on average"
            case SignalKind.SPREAD:
                return f"{side}s of {label} lie {figure} from the common place"
            case SignalKind.RUBBER_STAMPING:
                return f"Leaves {figure} of the drafts' wrong boundaries as they are"
            case _:
                return f"Leaves {figure} of the probes as they are"

    def _figure(self, value: float) -> str:
        if self.question.kind is SignalKind.BIAS:
            return f"{value:+.1f} frames"
        if self.question.kind is SignalKind.SPREAD:
            return f"{value:.1f} frames"
        return f"{value:.1%}"
