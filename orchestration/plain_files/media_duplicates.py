"""Which of the files at hand show the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from orchestration.plain_files.media_batch import Seen
from services.domain.fingerprint import Likeness, likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Another file that shows the same; ``likeness`` is None where it is the same, bit by bit."""

    file: str
    likeness: Likeness | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; seconds are when the other one begins in this one."""
        if self.likeness is None:
            return {"file": self.file, "kind": "same", "distance": 0.0, "shift_s": 0.0}
        return {
            "file": self.file,
            "kind": "near",
            "distance": round(self.likeness.distance, 3),
            "shift_s": float(self.likeness.shift_s),
        }


def duplicates_among(seen: Sequence[Seen]) -> list[list[Duplicate]]:
    """Return, for each file, its duplicates among the others, in their order."""
    found: list[list[tuple[int, Duplicate]]] = [[] for _ in seen]
    for (i, a), (j, b) in combinations(enumerate(seen), 2):
        if a.examined is None or b.examined is None:
            continue
        if a.examined.source_sha256 == b.examined.source_sha256:
            found[i].append((j, Duplicate(file=str(b.path))))
            found[j].append((i, Duplicate(file=str(a.path))))
            continue
        alike = likeness(a.examined.fingerprint, b.examined.fingerprint)
        if alike is not None and alike.is_near:
            found[i].append((j, Duplicate(file=str(b.path), likeness=alike)))
            found[j].append((i, Duplicate(file=str(a.path), likeness=alike.mirrored())))
    return [[duplicate for _, duplicate in sorted(own, key=_place)] for own in found]


def _place(entry: tuple[int, Duplicate]) -> int:
    return entry[0]
