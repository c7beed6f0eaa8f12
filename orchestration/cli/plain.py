"""What the commands on plain files share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from orchestration.cli.screen import wide_console

if TYPE_CHECKING:
    from services.domain.taxonomy import Taxonomy

STDOUT = Path("-")


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy file; raises InputError with the field that is wrong."""
    from orchestration.project_file import read_document
    from services.domain.taxonomy import Taxonomy

    return read_document(path, Taxonomy)


def console_beside(targets: Iterable[Path]) -> Console:
    """Return where words to the person go: not where an output goes."""
    return Console(stderr=True) if STDOUT in targets else wide_console()
