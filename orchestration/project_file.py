"""The declared form of a project: project.yaml beside its taxonomy.yaml.

What the files say is what the project shall be; applying them twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field

from services.client.payloads import ProjectIn, ProjectOut
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.taxonomy import Slug, Taxonomy, parse_document

_Model = TypeVar("_Model", bound=BaseModel)

# Beside its own, what PyYAML lets through from values that are not what their form or tag says:
# the day 2001-99-99, !!int "x", !!bool "x", !!int "", !!timestamp "x", a number without end.
_NOT_YAML: Final = (yaml.YAMLError, ValueError, LookupError, AttributeError, ArithmeticError)
_MERGE: Final = "tag:yaml.org,2002:merge"


class ProjectFile(BaseModel):
    """project.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: Slug
    title: str
    taxonomy: str = Field("taxonomy.yaml", description="File beside this one.")
    policy: dict[str, Any] = {}
    members: dict[str, Literal["manager", "annotator", "arbiter", "client"]] = {}


def read_project(path: Path) -> tuple[str, ProjectIn]:
    """Read a project file and its taxonomy; return the slug and the declared form.

    Raises
    ------
    InputError
        Naming the file and the field, if either cannot be read or is not valid.
    """
    if path.is_dir():
        path = path / "project.yaml"
    spec = read_document(path, ProjectFile)
    taxonomy_path = path.parent / spec.taxonomy
    taxonomy = read_document(taxonomy_path, Taxonomy)
    try:
        policy = Policy.parse(spec.policy)
    except InputError as error:
        faults = [fault | {"pointer": f"/policy{fault['pointer']}"} for fault in error.errors]
        raise _refusal(path, {"policy": spec.policy}, faults) from error
    return spec.slug, ProjectIn(
        title=spec.title,
        policy=policy.model_dump(mode="json"),
        taxonomy=taxonomy.model_dump(mode="json"),
        members=spec.members,
    )


class _Loader(yaml.SafeLoader):
    """YAML in which no field stands twice; of two, PyYAML would keep the last without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            if (key.tag, key.value) in seen:
                line = key.start_mark.line + 1
                raise InputError(f'the field "{key.value}" stands twice, again on line {line}')
            seen.add((key.tag, key.value))
        return node


def read_document(path: Path, model: type[_Model]) -> _Model:
    """Read a YAML file as one of the house's documents.

    Raises
    ------
    InputError
        Naming the file and the field.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe one
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except InputError as error:
        raise InputError(f"{path}: {error.detail}. Keep one of them.") from error
    except RecursionError as error:
        raise InputError(f"{path}: the values are nested too deeply.") from error
    except _NOT_YAML as error:
        raise InputError(f"{path} is not YAML: {error}.") from error
    if not isinstance(data, dict):
        raise InputError(f"{path} must hold fields and values, as the demo's project files do.")
    try:
        return parse_document(model, data, what=path.name)
    except InputError as error:
        raise _refusal(path, data, error.errors) from error


def _refusal(path: Path, data: Any, faults: Sequence[Mapping[str, str]]) -> InputError:
    """Name the file and its faulty fields in a person's words."""
    said = []
    for fault in faults:
        place = _field(data, fault["pointer"])
        said.append(f"{place}: {fault['detail']}" if place else fault["detail"])
    return InputError(f"{path} is not valid. {'; '.join(said)}.", errors=faults)


def _field(data: Any, pointer: str) -> str:
    """Name the field that a pointer leads to, as ``changes`` does; without a name, by its place."""
    names: list[str] = []
    for part in filter(None, pointer.split("/")):
        if isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
            name = data.get("name") if isinstance(data, dict) else None
            if isinstance(name, str):
                names.append(name)
            else:
                names[-1:] = [f"{names[-1] if names else ''} #{int(part) + 1}"]
        else:
            data = data.get(part) if isinstance(data, dict) else None
            names.append(part)
    return ".".join(names)


def changes(
    before: ProjectOut | None, after: ProjectIn, *, applicant: str
) -> list[tuple[str, str, str]]:
    """List what applying would change, as (field, before, after), in reading order.

    The applicant stays a member whether named or not, so that nobody locks themselves out.
    """
    fields = set(ProjectIn.model_fields)
    old = _flat(before.model_dump(mode="json", include=fields) if before else {})
    if applicant not in after.members:
        old.pop(f"members.{applicant}", None)
    new = _flat(after.model_dump(mode="json"))
    return [
        (name, old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Flatten nested documents to dotted names; list items go by their own names."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        items = [
            (item.get("name", str(i)), {key: v for key, v in item.items() if key != "name"})
            for i, item in enumerate(value)
        ]
    elif value is None or value in ([], {}):
        return {}
    else:
        return {name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)}
    flat: dict[str, str] = {}
    for key, inner in items:
        flat |= _flat(inner, f"{name}.{key}" if name else str(key))
    return flat
