"""The video people watch of a group: all views in one picture, at the reference's frames.

One picture and not one video a view: what is on screen together was taken together, whatever the
player does. Picture ``k`` shows frame ``k`` of the reference and, in every other view's tile, the
frame that its map names, or a plain dark field where the view has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from models.geometry import Geometry
from models.proof import ProxyResult, prove_and_place, scratch_for
from models.proxy import ProxyWriter, color_of
from models.refusal import MediaRefusedError
from models.source import Source
from models.upright import UprightScaler
from services.domain.media_limits import MediaLimits, StreamChoice
from services.domain.multiview.alignment import Alignment
from services.domain.multiview.frame_map import NO_FRAME, FrameMap, frame_map
from services.domain.multiview.layout import Layout, Size, Tile, lay_out
from services.domain.timebase import Timebase

if TYPE_CHECKING:
    from models.hints.observer import HintsObserver

BLACK, DARK, GREY = 16, 40, 128

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One view of a group, examined and put in its place.

    Parameters
    ----------
    name : str
        What people call the view.
    path : Path
        A local file.
    timebase : Timebase
        When each of its frames is shown.
    size : (width, height)
        Upright, with square pixels.
    alignment : Alignment, optional
        Its place on the reference's clock; None for the reference.
    """

    name: str
    path: Path
    timebase: Timebase
    size: Size
    alignment: Alignment | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the exact JSON form."""
        return {
            "name": self.name,
            "path": str(self.path),
            "timebase": self.timebase.as_json(),
            "size": list(self.size),
            "alignment": self.alignment.as_json() if self.alignment else None,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Shot:
        """Read what :meth:`as_json` wrote."""
        aligned = data["alignment"]
        return cls(
            name=data["name"],
            path=Path(data["path"]),
            timebase=Timebase.from_json(data["timebase"]),
            size=(data["size"][0], data["size"][1]),
            alignment=Alignment.from_json(aligned) if aligned else None,
        )


class Canvas:
    """One yuv420p picture that tiles are put into."""

    def __init__(self, layout: Layout) -> None:
        width, height = layout.width, layout.height
        self._whole = np.full((height * 3 // 2, width), GREY, dtype=np.uint8)
        chroma = self._whole[height:].reshape(2, height // 2, width // 2)
        self._planes: tuple[Plane, ...] = (self._whole[:height], chroma[0], chroma[1])
        self._planes[0][:] = BLACK

    def put(self, tile: Tile, picture: VideoFrame | None) -> None:
        """Show a picture of the tile's size in its place; None is a dark field."""
        for plane, shrink in zip(range(3), (1, 2, 2), strict=True):
            top, left = tile.y // shrink, tile.x // shrink
            height, width = tile.height // shrink, tile.width // shrink
            room = self._planes[plane][top : top + height, left : left + width]
            if picture is None:
                room[:] = GREY if plane else DARK
            else:
                held = picture.planes[plane]
                rows = np.frombuffer(memoryview(held), dtype=np.uint8).reshape(-1, held.line_size)
                room[:] = rows[:height, :width]

    def frame(self) -> VideoFrame:
        """Return what it shows now."""
        return VideoFrame.from_ndarray(self._whole, format="yuv420p")


class Reel:
    """A source's upright pictures, wound on to any later frame."""

    def __init__(self, source: Source, tile: Tile, name: str) -> None:
        self._source = source
        self._name = name
        self._pictures = self._upright((tile.width, tile.height))
        self._number = -1
        self.color: tuple[int, int, int] | None = None

    def at(self, number: int) -> VideoFrame:
        """Return the picture of a frame, later than the last that was asked for.

        Raises
        ------
        MediaRefusedError
            If the file no longer has it.
        """
        picture = None
        while self._number < number:
            picture = next(self._pictures, None)
            if picture is None:
                break
            self._number += 1
        if picture is None:
            raise MediaRefusedError(
                f"View {self._name!r} holds {self._source.n_frames} frames where frame {number} "
                "was probed.",
                code="proxy_unsound",
            )
        return picture

    def has_more(self) -> bool:
        """Say whether there is a frame after the last that was asked for."""
        return next(self._pictures, None) is not None

    def _upright(self, size: Size) -> Iterator[VideoFrame]:
        scaler: UprightScaler | None = None
        for frame in self._source.frames():
            seen = self._source.seen
            if seen.geometry is None or seen.current is None:
                continue
            if scaler is None:
                scaler = UprightScaler(size, seen.geometry)
                self.color = color_of(frame)
            yield from scaler.push(frame, seen.current)
        if scaler is not None:
            yield from scaler.flush()


def make_mosaic(
    shots: Sequence[Shot],
    destination: Path,
    *,
    height: int = 360,
    limits: MediaLimits | None = None,
    stream: StreamChoice = "first",
    observer: HintsObserver | None = None,
    scratch_folder: Path | None = None,
) -> tuple[ProxyResult, list[FrameMap]]:
    """Write the proxy of a group, prove it, and put it in place at once.

    Parameters
    ----------
    shots : sequence of Shot
        The reference first; every other one with its alignment.
    destination : Path
        The proxy; replaced only by a whole and proven one.
    height : int
        Lines of the picture at most.
    observer : HintsObserver, optional
        Is shown every picture.

    Returns
    -------
    proxy : ProxyResult
        Of the picture of all views.
    maps : list of FrameMap
        Of every view but the reference.

    Raises
    ------
    MediaRefusedError
        If a file no longer decodes as it was probed, or the proxy is not exact.
    """
    reference = shots[0].timebase
    maps = [
        frame_map(reference, shot.timebase, shot.alignment) for shot in shots[1:] if shot.alignment
    ]
    layout = lay_out([shot.size for shot in shots], lines=height)
    with scratch_for(destination, folder=scratch_folder) as scratch:
        with ExitStack() as open_files:
            reels = [
                Reel(
                    open_files.enter_context(Source(shot.path, limits or MediaLimits(), stream)),
                    tile,
                    shot.name,
                )
                for shot, tile in zip(shots, layout.tiles, strict=True)
            ]
            _encode(reels, maps, layout, scratch, reference)
        proxy = prove_and_place(scratch, destination, timebase=reference, observer=observer)
    return proxy, maps


def _encode(
    reels: list[Reel], maps: list[FrameMap], layout: Layout, path: Path, reference: Timebase
) -> None:
    canvas = Canvas(layout)
    main, others = reels[0], list(zip(reels[1:], layout.tiles[1:], maps, strict=True))
    for _, tile, _ in others:
        canvas.put(tile, None)
    shape = Geometry(stored_width=layout.width, stored_height=layout.height)
    first = main.at(0)
    with ProxyWriter(
        path, rate=reference.play_rate, geometry=shape, height=layout.height, color=main.color
    ) as writer:
        for number in range(reference.n_frames):
            canvas.put(layout.tiles[0], main.at(number) if number else first)
            for reel, tile, mapped in others:
                shown = mapped.frames[number]
                if shown != (mapped.frames[number - 1] if number else NO_FRAME):
                    canvas.put(tile, None if shown == NO_FRAME else reel.at(shown))
            writer.add(canvas.frame(), shape)
    if main.has_more():
        raise MediaRefusedError(
            f"The reference holds more than the {reference.n_frames} frames that were probed.",
            code="proxy_unsound",
        )
