"""What became of a label's name: in use, another name of one in use, split, retired, unknown.

Conventions
-----------
A name in use means itself, also where the version before used it for something wider (a
split that keeps the name): a bare name does not tell which version it comes from. Older
names are known from a label's ``aliases`` and from this version's ``changes``, which tell
of the version just before only; whatever is older is an alias.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

from pydantic import model_validator

from services.domain.layers import Document, LabelName, Layer, Slug, repeated
from services.domain.segments import DEFAULT_LAYER


class LabelChange(Document):
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
        if twice := repeated(self.after):
            raise ValueError(f"{self.before!r} becomes {twice[0]!r} twice")
        return self


class NameStatus(StrEnum):
    """What a name stands for in a version."""

    CURRENT = "current"
    ALIASED = "aliased"
    SPLIT = "split"
    RETIRED = "retired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a label of some layer is called in this version.

    Parameters
    ----------
    status : NameStatus
    layer : str
        The layer it is in now; as asked where there is no label.
    label : str or None
        The name in use; None unless ``status`` is current or aliased.
    candidates : tuple of str
        The labels that a split one became, as the taxonomy lists them.
    """

    status: NameStatus
    layer: str
    label: str | None = None
    candidates: tuple[str, ...] = ()


Names = Mapping[tuple[str, str], Resolved]


def index_names(layers: Sequence[Layer], changes: Sequence[LabelChange]) -> Names:
    """Return what each (layer, name) stands for; names that are not in it are unknown."""
    layer_of = {label.name: layer.name for layer in layers for label in layer.labels}
    index = {(change.layer, change.before): _changed(change, layer_of) for change in changes}
    for layer in layers:
        for label in layer.labels:
            for name in (*label.aliases, label.name):
                status = NameStatus.CURRENT if name == label.name else NameStatus.ALIASED
                index[layer.name, name] = Resolved(
                    status=status, layer=layer.name, label=label.name
                )
    return index


def name_faults(layers: Sequence[Layer], changes: Sequence[LabelChange]) -> Iterator[str]:
    """Say where aliases and changes contradict the names in use or each other."""
    in_use = {label.name for layer in layers for label in layer.labels}
    aliases = [alias for layer in layers for label in layer.labels for alias in label.aliases]
    for name in repeated(aliases):
        yield f"alias {name!r} is given twice"
    for name in sorted(in_use.intersection(aliases)):
        yield f"alias {name!r} is a label in use"
    known = index_names(layers, ())
    seen: set[tuple[str, str]] = set()
    for change in changes:
        place = (change.layer, change.before)
        if place in seen:
            yield f"changes tell twice what became of {change.before!r}"
        seen.add(place)
        now = known.get(place)
        # A name that lives on must mean at least part of what it meant, or old data would
        # be read as something else without a word.
        if now is not None and (
            now.label not in change.after
            or (change.kind == "split" and now.status is NameStatus.ALIASED)
        ):
            yield f"changes {change.kind} {change.before!r}, which still stands for {now.label!r}"


def _changed(change: LabelChange, layer_of: Mapping[str, str]) -> Resolved:
    match change.kind:
        case "retire":
            return Resolved(status=NameStatus.RETIRED, layer=change.layer)
        case "split":
            return Resolved(status=NameStatus.SPLIT, layer=change.layer, candidates=change.after)
    (label,) = change.after
    return Resolved(status=NameStatus.ALIASED, layer=layer_of[label], label=label)
