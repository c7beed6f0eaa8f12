"""Fields of the wire that REST framework does not have as we need them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from services.domain.canonical import canonical_json
from services.domain.links import is_safe_key


class JsonField(serializers.JSONField):
    """Any JSON that PostgreSQL can hold: no NaN, no NUL, no half of a surrogate pair."""

    shape: tuple[type, ...] = (dict, list, str, int, float, bool, type(None))
    default_error_messages = {
        "shape": "This must be {expected}.",
        "unstorable": "This holds NaN, an infinity, a NUL character or broken Unicode.",
    }

    def to_internal_value(self, data: Any) -> Any:
        """Check the shape and that the value has a canonical form."""
        if not isinstance(data, self.shape):
            expected = "an object" if dict in self.shape else "a list"
            self.fail("shape", expected=expected)
        try:
            text = canonical_json(data)
        except (ValueError, TypeError, RecursionError):
            self.fail("unstorable")
        if b"\\u0000" in text:
            self.fail("unstorable")
        return data


class ObjectField(JsonField):
    """A JSON object."""

    shape = (dict,)


class ObjectListField(serializers.ListField):
    """A list of JSON objects."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=ObjectField(), **kwargs)


class NameField(serializers.CharField):
    """One line of text."""

    def __init__(self, *, max_length: int = 500, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)


class KeyField(NameField):
    """Where an object is stored: segments that mean themselves, joined by single slashes."""

    default_error_messages = {"key": "This is no storage key."}

    def to_internal_value(self, data: Any) -> str:
        """Refuse a key that a store or a proxy could read as another one."""
        key: str = super().to_internal_value(data)
        if not is_safe_key(key):
            self.fail("key")
        return key


class HashField(serializers.RegexField):
    """A SHA-256 in hex."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[0-9a-f]{64}$", **kwargs)
