"""What a release holds: one record a clip, and the head that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from services.domain.comparison.disputes import Comparison
from services.domain.errors import reading
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase

Status = Literal["agreed", "arbitrated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHead:
    """What holds for a whole release.

    Parameters
    ----------
    project : str
        Slug of the project.
    version : str
        Name of the release.
    taxonomy : Taxonomy
        The version whose labels the release uses.
    policy : Policy
        The project's policy when the release was made; each record names its own.
    """

    project: str
    version: str
    taxonomy: Taxonomy
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class ReleaseRecord:
    """One accepted clip with everything that led to it.

    Parameters
    ----------
    name, uid : str
        The client's name of the clip, and its identity.
    sha256 : str
        Of the source file, 64 hex digits.
    timebase : Timebase
        When each source frame is shown.
    width, height : int
        Of the source, in pixels.
    segments : Segmentation
        What was accepted.
    status : "agreed" or "arbitrated"
        Whether two blind opinions agreed or an arbiter decided.
    opinions : tuple of Segmentation
        Both raw opinions of the deciding round, in the order x, y.
    comparison : Comparison or None
        Of those opinions, x against y.
    taxonomy_version : int
        The version that the clip was labelled with.
    policy_hash : str
        Of the policy that it was decided under.
    round : int
        The round that decided, from 1.
    """

    name: str
    uid: str
    sha256: str
    timebase: Timebase
    width: int
    height: int
    segments: Segmentation
    status: Status
    opinions: tuple[Segmentation, ...]
    comparison: Comparison | None
    taxonomy_version: int
    policy_hash: str
    round: int

    @property
    def n_frames(self) -> int:
        """Length of the clip in source frames."""
        return self.timebase.n_frames

    def seconds(self, frame: int) -> float:
        """Return when a frame is shown, in seconds after the clip's first frame.

        This is the source's own presentation time, also where its rate varies; computed
        exactly and rounded once, to the nearest double.
        """
        ticks = self.timebase.pts(frame) - self.timebase.first_pts
        tick = self.timebase.tick
        # Dividing two integers rounds correctly, once, at a tenth of a Fraction's price.
        return ticks * tick.numerator / tick.denominator

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, with nothing left out."""
        return {
            "name": self.name,
            "clip_uid": self.uid,
            "sha256": self.sha256,
            "timebase": self.timebase.as_json(),
            "width": self.width,
            "height": self.height,
            "segments": self.segments.as_json(),
            "status": self.status,
            "opinions": [opinion.as_json() for opinion in self.opinions],
            "comparison": None if self.comparison is None else self.comparison.as_json(),
            "taxonomy_version": self.taxonomy_version,
            "policy_hash": self.policy_hash,
            "round": self.round,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote, or the tracker's ``ReleaseClip``.

        Raises
        ------
        InputError
            If a field is missing or of the wrong form.
        """
        with reading("a release record"):
            if data["status"] not in get_args(Status):
                raise ValueError(f"status {data['status']!r}")
            timebase = Timebase.from_json(data["timebase"])
            comparison = data["comparison"]
            return cls(
                name=data["name"],
                uid=str(data["clip_uid"]),
                sha256=data["sha256"],
                timebase=timebase,
                width=data["width"],
                height=data["height"],
                segments=Segmentation.from_json(data["segments"], n_frames=timebase.n_frames),
                status=data["status"],
                opinions=tuple(
                    Segmentation.from_json(opinion, n_frames=timebase.n_frames)
                    for opinion in data["opinions"]
                ),
                comparison=None if comparison is None else Comparison.from_json(comparison),
                taxonomy_version=data["taxonomy_version"],
                policy_hash=data["policy_hash"],
                round=data["round"],
            )


Piece = tuple[str, bytes]
"""A path inside the release, and bytes to append to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """One format.

    Parameters
    ----------
    name : str
        What the format is called in settings and on the command line.
    title : str
        One line for people.
    media_types : mapping of str to str
        Media type of each suffix the format writes.
    write : callable
        Takes the head and the records, yields pieces. Pieces of one file come in order;
        files may take turns.
    """

    name: str
    title: str
    media_types: Mapping[str, str]
    write: Callable[[ReleaseHead, Iterable[ReleaseRecord]], Iterator[Piece]]
