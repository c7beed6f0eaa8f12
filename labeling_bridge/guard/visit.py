"""One request of one person, read once and strictly, for the checks to judge.

Strictness is the point: whatever this module would read differently from the view behind it
is a hole. So only one spelling of everything passes: ids are plain ASCII digits, a parameter
that names a project or a view appears once, a body is UTF-8 JSON or absent.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from labeling_bridge.guard.refusals import forbid, hide

READS = frozenset({"GET", "HEAD"})
WRITES = frozenset({"POST", "PATCH", "DELETE"})
BIGGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who asks for what; `method` is GET for HEAD too, since the views answer both alike."""

    user: object
    method: str
    kwargs: Mapping[str, object]
    query: Mapping[str, object]
    body: Mapping[str, object] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """Return an id from the path."""
        return whole_number(self.kwargs.get(name))

    def number_in_query(self, name: str) -> int | None:
        """Return an id from the query, None when it is not there."""
        values = self.query.getlist(name)
        if not values:
            return None
        if len(values) > 1:
            forbid()
        return whole_number(values[0])


def read_visit(request, user, kwargs) -> Visit:
    """Read a request, or refuse one that could be read in two ways."""
    method = "GET" if request.method in READS else request.method
    if method not in {"GET", *WRITES}:
        forbid()
    # Views merge the body of a GET with its query, so a body there could name another project.
    if method in ("GET", "DELETE") and request.body:
        forbid()
    body = json_body(request) if method in ("POST", "PATCH") else {}
    return Visit(user=user, method=method, kwargs=kwargs, query=request.GET, body=body)


def json_body(request) -> dict:
    """Return a JSON object; forms, uploads and other encodings are refused."""
    if not request.body:
        return {}
    charset = request.content_params.get("charset", "utf-8").lower()
    if request.content_type != "application/json" or charset not in ("utf-8", "utf8"):
        forbid()
    try:
        body = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError):
        forbid()
    if not isinstance(body, dict):
        forbid()
    return body


def whole_number(value: object) -> int:
    """Return an id given as a number or as plain digits; anything else finds nothing."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= BIGGEST_ID:
        hide()
    return value
