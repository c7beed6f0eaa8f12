"""The parts all apps share; registers the schema's extensions."""

from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Loads the OpenAPI extensions when Django is ready."""

    name = "services.tracker.core"

    def ready(self) -> None:
        """Register the extensions; importing them is what does it."""
        from services.tracker.core import schema  # noqa: F401
