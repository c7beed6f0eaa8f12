"""Every address and method of the tracker, read from its own URL conf."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from services.tracker.core.views import TrackerView

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Route:
    """One method of one address; the template's parameters stand in braces."""

    template: str
    method: str
    view: Any

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.template)

    def path(self, values: dict[str, Any]) -> str:
        """Fill the parameters in; one that is not in the values fails the test on purpose."""
        return "/" + self.template.format(**{name: values[name] for name in self.parameters})

    def __str__(self) -> str:
        return f"{self.method.upper()} /{self.template}"


def all_routes() -> list[Route]:
    """Return every address with every method it answers (GET for plain views)."""
    routes = []
    for template, pattern in _walk(get_resolver().url_patterns, ""):
        view = getattr(pattern.callback, "view_class", None)
        methods = [name for name in METHODS if hasattr(view, name)] if view else ["get"]
        routes += [Route(template, method, view) for method in methods]
    return routes


def api_routes() -> list[Route]:
    """Return the addresses of the API proper."""
    return [route for route in all_routes() if route.view and issubclass(route.view, TrackerView)]


def _walk(patterns: list[Any], before: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        template = before + _template(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, template)
        else:
            yield template, pattern


def _template(pattern: str) -> str:
    if pattern.startswith("^"):  # the one regular expression: the documentation's static files
        return "static/{static}"
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", pattern)
