"""What is known of a report before its first pair."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from orchestration.plain_files.snapping import Snapping
from orchestration.plain_files.yardstick import DISPUTE_TOLERANCE
from services.domain.taxonomy import Taxonomy


def segue_version() -> str | None:
    """Return Segue's version; None when it runs from a checkout that is not installed."""
    try:
        return version("segue")
    except PackageNotFoundError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The file, what it is measured by, and what reading it did.

    No time of day: the same file gives the same report, byte by byte.

    Parameters
    ----------
    n_lengths : int
        Items whose lines state different lengths.
    lengths : str
        A sentence that says so; empty where there are none.
    """

    file: str
    n_items: int
    n_opinions: int
    n_alone: int
    tolerances: tuple[int, ...]
    taxonomy: Taxonomy | None
    snapping: Snapping
    n_lengths: int
    lengths: str

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "segue": segue_version(),
            "file": self.file,
            "n_items": self.n_items,
            "n_opinions": self.n_opinions,
            "n_items_with_one_annotator": self.n_alone,
            "n_items_with_different_n_frames": self.n_lengths,
            "tolerances_frames": list(self.tolerances),
            "dispute_tolerance_frames": DISPUTE_TOLERANCE,
            "taxonomy": self.taxonomy
            and {
                "name": self.taxonomy.name,
                "version": self.taxonomy.version,
                "hash": self.taxonomy.hash,
            },
            "snapped": self.snapping.as_json(),
        }

    @property
    def dispute_rule(self) -> str:
        """Say what makes a dispute."""
        rule = f"disputed when a boundary is more than {DISPUTE_TOLERANCE} frames off"
        if self.taxonomy is None:
            return f"{rule}, labels differ, or one side has nothing"
        return f"{rule} (taxonomy {self.taxonomy.name} v{self.taxonomy.version} may say otherwise)"
