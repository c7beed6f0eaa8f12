"""Guessing passwords is slow."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class LoginThrottle(SimpleRateThrottle):
    """Lets an address try one name so many times a minute, counted in each server process."""

    rate = "30/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """Return under which key tries are counted."""
        name = request.data.get("username") if isinstance(request.data, dict) else None
        return f"login:{self.get_ident(request)}:{hash(str(name))}"
