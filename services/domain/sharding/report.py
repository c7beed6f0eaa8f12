"""What stitching shards yields beside the segments: each seam's count, disputes, findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from services.domain.errors import InputError
from services.domain.sanity.findings import Finding
from services.domain.segments import Segmentation
from services.domain.sharding.pieces import Piece


class ClashKind(StrEnum):
    """What two shards differ in at a seam.

    The first six are a comparison's own (``services.domain.comparison.compare``), the left
    shard being opinion ``a``. ``ambiguous_join``: several like segments run through the whole
    overlap, and which onset belongs to which offset cannot be told. ``overlap``: two segments,
    each known to one shard only, cover a frame of a layer that holds one label at a time.
    """

    MISSING = "missing"
    EXTRA = "extra"
    LABEL_MISMATCH = "label_mismatch"
    BOUNDARY_SHIFT = "boundary_shift"
    SPLIT = "split"
    MERGE = "merge"
    AMBIGUOUS_JOIN = "ambiguous_join"
    OVERLAP = "overlap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """One difference at one seam.

    Parameters
    ----------
    seam : int
        The seam's frame.
    kind : ClashKind
        What the shards differ in.
    left, right : tuple of Piece
        What the shard before and the shard after the seam hold.
    """

    seam: int
    kind: ClashKind
    left: tuple[Piece, ...]
    right: tuple[Piece, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "seam": self.seam,
            "kind": str(self.kind),
            "left": [piece.as_json() for piece in self.left],
            "right": [piece.as_json() for piece in self.right],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote."""
        left, right = (tuple(map(Piece.from_json, data[side])) for side in ("left", "right"))
        return cls(seam=data["seam"], kind=ClashKind(data["kind"]), left=left, right=right)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeamDispute:
    """What one person has to decide at once, in the clip's frames.

    Parameters
    ----------
    layer : str
        The layer it is on.
    onset, offset : int
        The frames ``[onset, offset)`` that its pieces cover.
    clashes : tuple of Clash
        Why; several where a disputed segment runs over several seams.
    pieces : tuple of Piece
        Everything that waits for the decision: what clashes, and what was joined to it at
        other seams. None of it is among the stitched segments.
    """

    layer: str
    onset: int
    offset: int
    clashes: tuple[Clash, ...]
    pieces: tuple[Piece, ...]

    @classmethod
    def over(cls, clashes: Iterable[Clash], pieces: Iterable[Piece]) -> Self:
        """Make the dispute over these pieces."""
        held = tuple(sorted(pieces, key=lambda piece: piece.order))
        return cls(
            layer=held[0].segment.layer,
            onset=min(piece.segment.onset for piece in held),
            offset=max(piece.segment.offset for piece in held),
            clashes=tuple(sorted(clashes, key=_clash_order)),
            pieces=held,
        )

    @property
    def order(self) -> tuple[object, ...]:
        """Where the dispute stands: by time, then layer."""
        return self.onset, self.offset, self.layer, [piece.order for piece in self.pieces]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "layer": self.layer,
            "onset": self.onset,
            "offset": self.offset,
            "clashes": [clash.as_json() for clash in self.clashes],
            "pieces": [piece.as_json() for piece in self.pieces],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote; layer and frames follow from the pieces."""
        return cls.over(map(Clash.from_json, data["clashes"]), map(Piece.from_json, data["pieces"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeamCounts:
    """What came of one seam's overlap.

    Parameters
    ----------
    frame : int
        The seam.
    at_shot : bool
        Whether a shot begins there.
    n_left, n_right : int
        Pieces that either shard shows in the overlap.
    n_joined : int
        Pairs of pieces that became one segment.
    n_alone : int
        Pieces that reach less than a tolerance into the overlap, which the other shard could
        leave out.
    n_clashes : int
        Differences for a person.
    """

    frame: int
    at_shot: bool
    n_left: int = 0
    n_right: int = 0
    n_joined: int = 0
    n_alone: int = 0
    n_clashes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeamReport:
    """How the shards fitted.

    Parameters
    ----------
    seams : tuple of SeamCounts
        One a seam, in order.
    disputes : tuple of SeamDispute
        What a person has to decide, in order of time.
    findings : tuple of Finding
        What the taxonomy has against the whole, where no single shard shows it: a forbidden
        transition over a seam, a joined segment that is too long. ``region_ids`` are places
        among the stitched segments. Empty while there are disputes, whose holes would be
        taken for faults.
    """

    seams: tuple[SeamCounts, ...]
    disputes: tuple[SeamDispute, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left for a person: no dispute, and no finding that is an error."""
        return not self.disputes and not any(item.severity == "error" for item in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "seams": [asdict(seam) for seam in self.seams],
            "disputes": [dispute.as_json() for dispute in self.disputes],
            "findings": [finding.as_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing, unknown or of the wrong form.
        """
        try:
            return cls(
                seams=tuple(SeamCounts(**seam) for seam in data["seams"]),
                disputes=tuple(map(SeamDispute.from_json, data["disputes"])),
                findings=tuple(map(Finding.from_json, data["findings"])),
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(f"This is not a seam report: {error!r}.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Stitched:
    """A whole clip's segments, less what is disputed, and how the seams fitted."""

    segmentation: Segmentation
    report: SeamReport


def _clash_order(clash: Clash) -> tuple[object, ...]:
    held = [piece.order for piece in (*clash.left, *clash.right)]
    return clash.seam, held, clash.kind
