"""What OpenAPI has to be told beside the serializers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object

PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with a stable code and a pointer a fault.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                "additionalProperties": True,
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "errors"],
}
# Which errors any operation may answer with; the codes say which of them it was.
ANY = {
    "401": "No valid token.",
    "403": "The role never may.",
    "404": "It does not exist, or the caller may not see it.",
    "406": "Only JSON is served.",
    "409": "The state of things forbids it.",
    "413": "The body is too large.",
    "415": "Only JSON is read.",
    "422": "The input is not valid.",
    "429": "Too many requests.",
    "503": "Try again in a moment.",
}
METHODS = ("get", "post", "put", "patch", "delete")


class BearerScheme(OpenApiAuthenticationExtension):
    """Describes our tokens."""

    target_class = "services.tracker.core.auth.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> Any:
        """Return the scheme's object."""
        return build_bearer_security_scheme_object("Authorization", "Bearer")


def add_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Give every operation the problems it may answer with (a postprocessing hook)."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path in result["paths"].values():
        for method in METHODS:
            if method in path:
                responses = path[method]["responses"]
                for status, description in ANY.items():
                    responses.setdefault(status, _problem(description))
                path[method]["responses"] = dict(sorted(responses.items()))
    return result


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
