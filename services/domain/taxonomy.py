"""Taxonomy versions: layers of labels, what starts and stops each, and what may not be.

A taxonomy is a document that people write (YAML) and that never changes once published:
its content hash is its identity, its version number its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from services.domain.canonical import content_hash
from services.domain.errors import InputError
from services.domain.label_names import (
    LabelChange,
    Names,
    NameStatus,
    Resolved,
    index_names,
    name_faults,
)
from services.domain.layers import (
    AcceptedRule,
    Document,
    Frames,
    LabelClass,
    LabelName,
    Layer,
    Side,
    Slug,
    repeated,
)

__all__ = [
    "HOTKEYS",
    "PALETTE",
    "AcceptedRule",
    "Frames",
    "LabelChange",
    "LabelClass",
    "LabelName",
    "Layer",
    "NameStatus",
    "Resolved",
    "Side",
    "Slug",
    "Taxonomy",
    "parse_document",
]

# Colours that stay apart on a timeline and for the colour-blind (Okabe and Ito, 2008; Tol, 2021).
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#332288", "#999933",
    "#882255", "#44AA99", "#AA4499", "#117733", "#88CCEE", "#DDCC77", "#CC6677", "#666666",
)  # fmt: skip
HOTKEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"

_Model = TypeVar("_Model", bound=BaseModel)
# Of several layers that know a name, the one that says most about it counts.
_RANK = {status: rank for rank, status in enumerate(NameStatus)}


class Taxonomy(Document):
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
        if twice := repeated([layer.name for layer in self.layers]):
            raise ValueError(f"layer {twice[0]!r} is given twice")
        # A label is addressed by its bare name in releases, so it must be unique over layers.
        names = [label.name for layer in self.layers for label in layer.labels]
        if twice := repeated(names):
            raise ValueError(f"label {twice[0]!r} is in two layers")
        hotkeys = [label.hotkey for layer in self.layers for label in layer.labels if label.hotkey]
        if twice := repeated(hotkeys):
            raise ValueError(f"hotkey {twice[0]!r} is given to two labels")
        for pair in self.impossible_together:
            for name in pair:
                if name not in names:
                    raise ValueError(f"impossible_together names {name!r}, which no layer has")
        for change in self.changes:
            for name in change.after:
                if name not in names:
                    raise ValueError(f"{change.before!r} becomes {name!r}, which no layer has")
        if fault := next(name_faults(self.layers, self.changes), None):
            raise ValueError(fault)
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
        return self._classes.get((layer, label))

    def resolve(self, layer: str, label: str) -> Resolved:
        """Return what a label, of this version or an older one, is called now."""
        unknown = Resolved(status=NameStatus.UNKNOWN, layer=layer)
        return self._names.get((layer, label), unknown)

    def layer_of(self, label: str) -> str | None:
        """Return the layer in which a bare name, in use or older, means something."""
        return self._layers_of_names.get(label)

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

    @cached_property
    def _classes(self) -> Mapping[tuple[str, str], LabelClass]:
        return {(layer.name, label.name): label for layer in self.layers for label in layer.labels}

    @cached_property
    def _names(self) -> Names:
        return index_names(self.layers, self.changes)

    @cached_property
    def _layers_of_names(self) -> Mapping[str, str]:
        by_status = sorted(self._names, key=lambda place: _RANK[self._names[place].status])
        return {name: layer for layer, name in reversed(by_status)}


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
        places = "; ".join(
            # What is wrong with the document as a whole has no place in it.
            fault["detail"] if fault["pointer"] == "/" else f"{fault['pointer']}: {fault['detail']}"
            for fault in faults
        )
        raise InputError(f"The {what} is not valid. {places}.", errors=faults) from error
