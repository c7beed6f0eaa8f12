"""Where Label Studio is installed: its pins clash with ours, so it has a Python of its own."""

from __future__ import annotations

from pathlib import Path

from orchestration.local.errors import StackError
from orchestration.settings import StackSettings


def label_studio_python(settings: StackSettings) -> str:
    """Return the interpreter of Label Studio's environment."""
    return str(settings.label_studio_environment / "bin" / "python")


def label_studio_package(settings: StackSettings) -> Path:
    """Return the folder whose modules Label Studio imports by their bare names.

    Raises
    ------
    StackError
        When Label Studio is not installed there.
    """
    venv = settings.label_studio_environment
    for package in venv.glob("lib/python3*/site-packages/label_studio"):
        return package
    raise StackError(f"Label Studio is not installed in {venv}: run `make up`, which installs it.")
