"""The documents of a taxonomy's layers and labels, each sound in itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.domain.segments import DEFAULT_LAYER

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=64)]
LabelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
Frames = Annotated[int, Field(ge=0, strict=True)]
AcceptedRule = Literal["mean", "earliest", "latest"]
"""How an accepted boundary follows from two that agree; the mean rounds half to even."""


class Side(StrEnum):
    """One of a segment's two boundaries."""

    ONSET = "onset"
    OFFSET = "offset"


class Document(BaseModel):
    """A part of a taxonomy as people write it: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelClass(Document):
    """One label: its protocol for people and its limits for the checks."""

    name: LabelName
    start_trigger: str = Field("", description="What is seen in the first frame.")
    stop_trigger: str = Field("", description="What is seen in the first frame after it.")
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    hotkey: Annotated[str, StringConstraints(pattern=r"^[0-9a-z]$")] | None = None
    color: Color | None = None
    onset_tolerance: Frames | None = Field(None, description="Frames, inclusive.")
    offset_tolerance: Frames | None = Field(None, description="Frames, inclusive.")
    min_frames: Annotated[int, Field(ge=1, strict=True)] = 1
    max_frames: Annotated[int, Field(ge=1, strict=True)] | None = None
    followed_by: tuple[LabelName, ...] | None = Field(
        None, description="Labels that may come next in the layer; None means any."
    )
    aliases: tuple[LabelName, ...] = Field(
        (), description="Other names that older data has for it, in this layer."
    )
    accepted_onset: AcceptedRule = Field("mean", description="Of two agreeing onsets, which.")
    accepted_offset: AcceptedRule = Field("mean", description="Of two agreeing offsets, which.")
    widens_tolerance_to: Frames | None = Field(
        None,
        description="Marks doubt: boundaries in it get at least this, on any layer.",
    )

    @model_validator(mode="after")
    def _limits_are_ordered(self) -> Self:
        if self.max_frames is not None and self.max_frames < self.min_frames:
            raise ValueError(f"{self.name!r}: max_frames is below min_frames")
        return self


class Layer(Document):
    """Labels that are marked together on one line of the timeline."""

    name: Slug = DEFAULT_LAYER
    exclusive: bool = Field(True, description="At most one label at a time.")
    complete: bool = Field(False, description="Every frame carries a label.")
    flicker_frames: Frames = Field(
        0, description="A label that interrupts another for fewer frames is pointed out."
    )
    steps: tuple[LabelName, ...] = Field(
        (), description="Labels in the order in which they must come; others are free."
    )
    optional_steps: tuple[LabelName, ...] = Field((), description="Steps that may be left out.")
    steps_repeat: bool = Field(False, description="The steps may be gone through several times.")
    steps_from_end_to_end: bool = Field(
        False, description="A clip shows the whole procedure: its first and last steps too."
    )
    labels: tuple[LabelClass, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_sound(self) -> Self:
        names = [label.name for label in self.labels]
        if twice := repeated(names):
            raise ValueError(f"layer {self.name!r} names {twice[0]!r} twice")
        for label in self.labels:
            for successor in label.followed_by or ():
                if successor not in names:
                    raise ValueError(
                        f"layer {self.name!r}: {label.name!r} is followed by {successor!r}, "
                        "which the layer does not have"
                    )
        return self

    @model_validator(mode="after")
    def _steps_are_sound(self) -> Self:
        names = {label.name for label in self.labels}
        for field, listed, known in (
            ("steps", self.steps, names),
            ("optional_steps", self.optional_steps, set(self.steps)),
        ):
            if twice := repeated(listed):
                raise ValueError(f"layer {self.name!r}: {field} names {twice[0]!r} twice")
            if strange := [name for name in listed if name not in known]:
                lacking = "the layer does not have" if field == "steps" else "is none of its steps"
                raise ValueError(
                    f"layer {self.name!r}: {field} names {strange[0]!r}, which {lacking}"
                )
        for field in ("steps_repeat", "steps_from_end_to_end"):
            if getattr(self, field) and not self.steps:
                raise ValueError(f"layer {self.name!r}: {field} says nothing without steps")
        return self

    @property
    def required_steps(self) -> tuple[str, ...]:
        """The steps that may not be left out, in their order."""
        return tuple(step for step in self.steps if step not in self.optional_steps)


def repeated(names: Sequence[str]) -> list[str]:
    """Return the names that come more than once, sorted."""
    return sorted(name for name, count in Counter(names).items() if count > 1)
