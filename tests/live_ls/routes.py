"""Every address of the running Label Studio, taken from its resolved URL configuration.

Nothing is listed by hand: what a new version adds is probed on the day it is pinned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from tests.live_ls.server import LabelStudio

WALK = """
from django.urls import get_resolver
from django.utils.regex_helper import normalize

def walk(patterns, prefix, namespaces):
    for entry in patterns:
        regex = prefix + entry.pattern.regex.pattern.lstrip("^")
        if hasattr(entry, "url_patterns"):
            inner = namespaces + ([entry.namespace] if entry.namespace else [])
            outer = regex.removesuffix("\\\\Z").removesuffix("$")
            yield from walk(entry.url_patterns, outer, inner)
            continue
        callback = entry.callback
        target = getattr(callback, "view_class", None) or getattr(callback, "cls", callback)
        view = getattr(callback, "view_class", callback)
        own = entry.name or f"{view.__module__}.{view.__name__}"
        for form, parameters in normalize(regex):
            yield {
                "form": "/" + form,
                "parameters": parameters,
                "view_name": ":".join([*namespaces, own]),
                "target": f"{target.__module__}.{getattr(target, '__qualname__', target)}",
            }

print(json.dumps(list(walk(get_resolver().url_patterns, "", []))))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address: a format string, its parameters, the name and the view behind it."""

    form: str
    parameters: tuple[str, ...]
    view_name: str
    target: str

    def paths(self, values: Mapping[str, Sequence[object]]) -> Iterator[str]:
        """Yield the address filled with every combination of the known values."""
        choices = [values.get(name, values["*"]) for name in self.parameters]
        for combination in product(*choices):
            yield self.form % dict(zip(self.parameters, combination, strict=True))


def all_routes(label_studio: LabelStudio) -> list[Route]:
    """Return the routes of a running server, each address once."""
    found: dict[tuple[str, tuple[str, ...]], Route] = {}
    for entry in label_studio.run_inside(WALK):
        route = Route(
            form=entry["form"],
            parameters=tuple(entry["parameters"]),
            view_name=entry["view_name"],
            target=entry["target"],
        )
        found.setdefault((route.form, route.parameters), route)  # the first one answers
    return list(found.values())
