"""What a machine points out on a clip's timeline: shots, black and frozen stretches, thumbnails.

Conventions
-----------
Frames are source frames, ranges half-open. Hints decide nothing: they help a person to find
their way, and tell where a long recording may be cut into shards (``services.domain.sharding``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.domain.errors import InputError


class HintRules(BaseModel):
    """When a machine points something out; the numbers travel with what was found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shot_ratio: float = Field(
        3.0, gt=1, description="A cut changes the picture this many times more than its neighbours."
    )
    shot_change: float = Field(
        15.0, gt=0, le=255, description="Least mean change of hue, saturation and value at a cut."
    )
    shot_window: int = Field(
        2, ge=1, le=30, strict=True, description="Neighbours on either side that a cut is held to."
    )
    shot_min_frames: int = Field(6, ge=1, strict=True, description="Least frames of a shot.")
    black_luma: int = Field(
        32, ge=0, le=255, strict=True, description="Luma (16 is black) up to which a pixel is dark."
    )
    black_share: float = Field(0.98, gt=0, le=1, description="Dark pixels of a black picture.")
    black_min_frames: int = Field(1, ge=1, strict=True, description="Least length of black.")
    frozen_luma: int = Field(
        8, ge=0, le=255, strict=True, description="Change of luma that is compression, not motion."
    )
    frozen_share: float = Field(
        0.001, ge=0, lt=1, description="Pixels that may change more and the picture still stand."
    )
    frozen_min_frames: int = Field(15, ge=2, strict=True, description="Least length of a freeze.")
    thumbnails: int = Field(60, ge=1, le=400, strict=True, description="Most cells of the strip.")
    thumbnail_side: int = Field(
        96, ge=16, le=512, strict=True, description="Pixels of a cell's longer side."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRange:
    """The frames ``[onset, offset)``; ``0 <= onset < offset``."""

    onset: int
    offset: int

    def __post_init__(self) -> None:
        if not 0 <= self.onset < self.offset:
            raise InputError(f"[{self.onset}, {self.offset}) breaks 0 <= onset < offset.")


class StripCell(NamedTuple):
    """Where in the strip's picture a frame is shown, in pixels."""

    frame: int
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """How the one picture of all thumbnails is laid out: row by row, in order of time.

    Parameters
    ----------
    frames : tuple of int
        The frame that each cell shows.
    columns : int
        Cells of a row; the last row may be shorter.
    cell_width, cell_height : int
        Pixels of a cell.
    """

    frames: tuple[int, ...]
    columns: int
    cell_width: int
    cell_height: int

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return -(-len(self.frames) // self.columns)

    def cells(self) -> Iterator[StripCell]:
        """Yield every cell with its place."""
        for index, frame in enumerate(self.frames):
            row, column = divmod(index, self.columns)
            yield StripCell(frame, column * self.cell_width, row * self.cell_height)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "frames": list(self.frames),
            "columns": self.columns,
            "cell_width": self.cell_width,
            "cell_height": self.cell_height,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What was found on one clip.

    Parameters
    ----------
    n_frames : int
        Length of the clip.
    shots : tuple of int
        The first frame of every shot but the first.
    black, frozen : tuple of FrameRange
        Stretches that are black; stretches in which every picture is as its first. Black is
        not also frozen.
    strip : Strip
        The layout of the thumbnails' picture.
    rules : HintRules
        By which all that was found.
    """

    n_frames: int
    shots: tuple[int, ...]
    black: tuple[FrameRange, ...]
    frozen: tuple[FrameRange, ...]
    strip: Strip
    rules: HintRules

    def __post_init__(self) -> None:
        if any(not 0 < frame < self.n_frames for frame in (*self.shots[:1], *self.shots[-1:])):
            raise InputError(f"A shot begins outside 1..{self.n_frames - 1}.")
        if any(after <= before for before, after in pairwise(self.shots)):
            raise InputError("Shots must come in order of time.")
        for name, ranges in (("black", self.black), ("frozen", self.frozen)):
            if any(after.onset < before.offset for before, after in pairwise(ranges)):
                raise InputError(f"The {name} stretches must be apart and in order of time.")
            if ranges and ranges[-1].offset > self.n_frames:
                raise InputError(f"A {name} stretch ends after frame {self.n_frames}.")

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form: ranges as ``[onset, offset]`` pairs."""
        return {
            "n_frames": self.n_frames,
            "shots": list(self.shots),
            "black": [[found.onset, found.offset] for found in self.black],
            "frozen": [[found.onset, found.offset] for found in self.frozen],
            "strip": self.strip.as_json(),
            "rules": self.rules.model_dump(mode="json"),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises
        ------
        InputError
            If a field is missing or of the wrong form.
        """
        try:
            black, frozen = (
                tuple(FrameRange(onset=onset, offset=offset) for onset, offset in data[name])
                for name in ("black", "frozen")
            )
            return cls(
                n_frames=data["n_frames"],
                shots=tuple(data["shots"]),
                black=black,
                frozen=frozen,
                strip=Strip(**{**data["strip"], "frames": tuple(data["strip"]["frames"])}),
                rules=HintRules.model_validate(data["rules"]),
            )
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise InputError(f"These are not hints: {error!r}.") from error
