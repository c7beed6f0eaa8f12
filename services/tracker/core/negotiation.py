"""Files are served to whoever asks, whatever kinds of answer he says he takes."""

from __future__ import annotations

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request


class AnyAnswer(DefaultContentNegotiation):
    """Takes the first renderer: only problems are rendered, files are not."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        """Return the first renderer."""
        return renderers[0], renderers[0].media_type
