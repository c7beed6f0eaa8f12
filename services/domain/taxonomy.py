"""Taxonomy versions: layers of labels, what starts and stops each, and what may not be.

A taxonomy is a document that people write (YAML) and that never changes once published:
its content hash is its identity, its version number its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from services.domain.canonical import content_hash
from services.domain.errors import InputError
from services.domain.segments import DEFAULT_LAYER

# Colours that stay apart on a timeline and for the colour-blind (Okabe and Ito, 2008; Tol, 2021).
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#332288", "#999933",
    "#882255", "#44AA99", "#AA4499", "#117733", "#88CCEE", "#DDCC77", "#CC6677", "#666666",
)  # fmt: skip
HOTKEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=64)]
LabelName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
Frames = Annotated[int, Field(ge=0, strict=True)]
AcceptedRule = Literal["mean", "earliest", "latest"]
"""How an accepted boundary follows from two that agree; the mean rounds half to even."""


_Model = TypeVar("_Model", bound=BaseModel)


class Side(StrEnum):
    """One of a segment's two boundaries."""

    ONSET = "onset"
    OFFSET = "offset"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelClass(_Document):
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
    aliases: tuple[LabelName, ...] = Field((), description="Other names older data has for it.")
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


class Layer(_Document):
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
        if repeated := _repeated(names):
            raise ValueError(f"layer {self.name!r} names {repeated[0]!r} twice")
        for label in self.labels:
            for successor in label.followed_by or ():
                if successor not in names:
                    raise ValueError(
                        f"layer {self.name!r}: {label.name!r} is followed by {successor!r}, "
                        "which the layer does not have"
                    )
        return self


class LabelChange(_Document):
    """What became of one label of the version before."""

    kind: Literal["rename", "split", "merge", "retire"]
    layer: Slug = DEFAULT_LAYER
    before: LabelName
    after: tuple[LabelName, ...] = ()

    @model_validator(mode="after")
    def _targets_fit_the_kind(self) -> Self:
        needed = {"rename": (1, 1), "merge": (1, 1), "split": (2, None), "retire": (0, 0)}
        low, high = needed[self.kind]
        if len(self.after) < low or (high is not None and len(self.after) > high):
            raise ValueError(
                f"a {self.kind} of {self.before!r} cannot lead to {len(self.after)} labels"
            )
        return self


class Taxonomy(_Document):
    """One immutable version of a project's labels."""

    name: Slug
    version: Annotated[int, Field(ge=1, strict=True)]
    layers: tuple[Layer, ...] = Field(min_length=1)
    impossible_together: tuple[tuple[LabelName, LabelName], ...] = Field(
        (), description="Pairs of labels, of any layers, that can never share a frame."
    )
    changes: tuple[LabelChange, ...] = Field((), description="Against the version before.")

    @model_validator(mode="after")
    def _references_are_sound(self) -> Self:
        if repeated := _repeated([layer.name for layer in self.layers]):
            raise ValueError(f"layer {repeated[0]!r} is given twice")
        # A label is addressed by its bare name in releases, so it must be unique over layers.
        names = [label.name for layer in self.layers for label in layer.labels]
        if repeated := _repeated(names):
            raise ValueError(f"label {repeated[0]!r} is in two layers")
        hotkeys = [label.hotkey for layer in self.layers for label in layer.labels if label.hotkey]
        if repeated := _repeated(hotkeys):
            raise ValueError(f"hotkey {repeated[0]!r} is given to two labels")
        for pair in self.impossible_together:
            for name in pair:
                if name not in names:
                    raise ValueError(f"impossible_together names {name!r}, which no layer has")
        for change in self.changes:
            for name in change.after:
                if name not in names:
                    raise ValueError(f"{change.before!r} becomes {name!r}, which no layer has")
        return self

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Read a taxonomy document.

        Raises
        ------
        InputError
            With one entry per faulty field.
        """
        return parse_document(cls, data, what="taxonomy")

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the whole content."""
        return content_hash(self.model_dump(mode="json"))

    def layer(self, name: str) -> Layer | None:
        """Return the layer of that name, or None."""
        return next((layer for layer in self.layers if layer.name == name), None)

    def find(self, layer: str, label: str) -> LabelClass | None:
        """Return the label class of that name in that layer, or None."""
        found = self.layer(layer)
        labels = () if found is None else found.labels
        return next((item for item in labels if item.name == label), None)

    def tolerance(self, layer: str, label: str, side: Side, *, default: int) -> int:
        """Return the inclusive tolerance of one boundary, in source frames."""
        found = self.find(layer, label)
        if found is None:
            return default
        own = found.onset_tolerance if side is Side.ONSET else found.offset_tolerance
        return default if own is None else own

    @cached_property
    def appearance(self) -> Mapping[str, tuple[str, str | None]]:
        """Colour and hotkey of each label: as written, else the next free of the house's own."""
        labels = [label for layer in self.layers for label in layer.labels]
        taken = {label.hotkey for label in labels}
        free_keys = iter([key for key in HOTKEYS if key not in taken])
        return {
            label.name: (
                label.color or PALETTE[index % len(PALETTE)],
                label.hotkey or next(free_keys, None),
            )
            for index, label in enumerate(labels)
        }


def parse_document(model: type[_Model], data: Mapping[str, Any], *, what: str) -> _Model:
    """Validate a document, turning pydantic's errors into one :class:`InputError`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors()
        places_inside = {fault["loc"][:end] for fault in found for end in range(len(fault["loc"]))}
        faults = [
            {
                "pointer": "/" + "/".join(str(part) for part in fault["loc"]),
                "detail": re.sub(r"^Value error, ", "", fault["msg"]),
            }
            for fault in found
            # A list with a faulty item also counts as too short; naming that would mislead.
            if not (fault["type"] == "too_short" and fault["loc"] in places_inside)
        ]
        places = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in faults)
        raise InputError(f"The {what} is not valid. {places}.", errors=faults) from error


def _repeated(names: list[Any]) -> list[Any]:
    return sorted({name for name in names if names.count(name) > 1})
