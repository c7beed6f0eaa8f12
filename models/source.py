"""One pass over a media file: decode every frame, keep the facts, and look at what it shows."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from models.fingerprint import Fingerprinter
from models.geometry import Geometry, geometry_of
from models.opening import KEEPS_WORD, check_pixels, choose_video, open_media, too_large
from models.rates import DEFAULT_RATE
from models.refusal import MediaRefusedError, refusing
from services.domain.media_limits import MediaLimits, StreamChoice

MISSING = -(2**63)
UNKNOWN_COLOR = 2
# So many frames beyond the limit are no slip of a clock that the rest of the file takes back.
MOST_BEYOND = 100


@dataclass(slots=True, kw_only=True)
class Observed:
    """What one pass saw. Grows by eight bytes a frame, in MP4 by sixteen, and with the sizes.

    Parameters
    ----------
    places : array of int
        Where in an MP4 each shown frame lies: an edit list may come back to one.
    geometry : Geometry, optional
        Of the first frame: the picture that all others are fitted into.
    current : Geometry, optional
        Of the latest frame.
    is_ordered : bool
        Whether all timestamps are there and increase; only then do they tell how long it lasts.
    n_beyond : int
        Frames shown later than any clip may last.
    sizes : dict
        Stored (width, height), each with the frame it first came at.
    """

    pts: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    n_packets: int = 0
    n_discarded: int = 0
    n_broken_packets: int = 0
    n_damaged: int = 0
    n_interlaced: int = 0
    n_size_changes: int = 0
    n_beyond: int = 0
    is_ordered: bool = True
    last_step: int | None = None
    pix_fmts: dict[str, None] = field(default_factory=dict)
    sizes: dict[tuple[int, int], int] = field(default_factory=dict)
    color_trc: int = UNKNOWN_COLOR
    geometry: Geometry | None = None
    current: Geometry | None = None
    ends: dict[int, Fraction] = field(default_factory=dict)


class Source:
    """A media file opened for one pass over one of its video streams.

    Parameters
    ----------
    path : Path
        A local file.
    limits : MediaLimits
        What is too large.
    stream : StreamChoice
        Which video stream is meant.

    Raises
    ------
    MediaRefusedError
        If it is no video that can be opened.
    """

    def __init__(self, path: Path, limits: MediaLimits, stream: StreamChoice = "first") -> None:
        self.path = path
        self.limits = limits
        self.seen = Observed()
        self.fingerprinter = Fingerprinter(max_duration_s=limits.max_duration_s)
        self.container = open_media(path, limits)
        try:
            self.stream, self.n_video_streams = choose_video(self.container, stream)
            check_pixels(self.stream.width, self.stream.height, limits)
            self._check_promise()
        except MediaRefusedError:
            self.container.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.container.close()

    @property
    def n_frames(self) -> int:
        """Frames decoded so far."""
        return len(self.seen.pts)

    def frames(self) -> Iterator[VideoFrame]:
        """Decode every shown frame in presentation order, once.

        Raises
        ------
        MediaRefusedError
            At the first thing that makes the file impossible to label exactly.
        """
        self.stream.thread_type = "AUTO"
        # The decoder itself then makes no room for a picture that its headers understate.
        self.stream.codec_context.options = {"max_pixels": str(self.limits.max_pixels)}
        ends: dict[int, int] = {}
        has_edits = "mov" in self.container.format.name.split(",")
        packets = self.container.demux()
        while (packet := self._next_packet(packets)) is not None:
            index = packet.stream.index  # a flush packet names its stream only here
            if packet.pts is not None:
                ends[index] = max(ends.get(index, MISSING), packet.pts + (packet.duration or 0))
            if index != self.stream.index:
                continue
            if packet.size == 0 and packet.dts is not None:
                continue  # AVI's "as before"; the decoder would take it for the end of the stream
            if packet.size:
                self.seen.n_packets += 1
                self.seen.n_discarded += packet.is_discard
                self.seen.n_broken_packets += packet.is_corrupt
                if has_edits and not packet.is_discard and packet.pos is not None:
                    self.seen.places.append(packet.pos)
            for frame in self._decode(packet):
                self._observe(frame)
                yield frame
        for index, end in ends.items():
            tick = self.container.streams[index].time_base
            if tick:
                self.seen.ends[index] = end * tick

    def _next_packet(self, packets: Iterator[Packet[Any]]) -> Packet[Any] | None:
        with self._corrupt("Reading"):
            return next(packets, None)

    def _decode(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        with self._corrupt("Decoding"):
            return self.stream.decode(packet)

    def _corrupt(self, deed: str) -> AbstractContextManager[None]:
        count = self.n_frames
        return refusing("corrupt", f"{deed} failed after {count} frames", n_frames=count)

    def _observe(self, frame: VideoFrame) -> None:
        seen = self.seen
        geometry = self._geometry_of(frame)
        shown_s = self._shown_s(frame)
        self.fingerprinter.add(frame, shown_s=shown_s, geometry=geometry)
        pts = MISSING if frame.pts is None else frame.pts
        seen.is_ordered &= pts > (seen.pts[-1] if seen.pts else MISSING)
        seen.pts.append(pts)
        seen.n_damaged += frame.is_corrupt
        seen.n_interlaced += frame.interlaced_frame
        seen.last_step = frame.duration or None
        seen.pix_fmts[frame.format.name] = None
        if self.n_frames > self.limits.max_frames:
            raise too_large(f"It has more than {self.limits.max_frames} frames.")
        if seen.is_ordered:
            self._check_duration(shown_s)

    def _check_promise(self) -> None:
        """Refuse what states to be too long: it is, or breaks its word and is refused for that."""
        stream, longest_s = self.stream, self.limits.max_duration_s
        if stream.duration and stream.time_base and self._keeps_word:
            stated_s = stream.duration * stream.time_base
            if stated_s > longest_s + 1:
                raise too_large(f"It lasts {float(stated_s):.0f} s; the limit is {longest_s} s.")

    @property
    def _keeps_word(self) -> bool:
        return bool(KEEPS_WORD & set(self.container.format.name.split(",")))

    def _check_duration(self, shown_s: Fraction) -> None:
        """Refuse what is too long while it is decoded, not when hours have gone into it."""
        seen, longest_s = self.seen, self.limits.max_duration_s
        tick = self.stream.time_base or Fraction(0)
        seen.n_beyond += shown_s - seen.pts[0] * tick > longest_s
        if seen.n_beyond > MOST_BEYOND:
            raise too_large(f"It lasts longer than {longest_s} s.")

    def _geometry_of(self, frame: VideoFrame) -> Geometry:
        """Return the frame's geometry, which is the one before as long as the size is."""
        seen, size = self.seen, (frame.width, frame.height)
        before = seen.current
        if before is not None and (before.stored_width, before.stored_height) == size:
            return before
        check_pixels(*size, self.limits)
        geometry = geometry_of(frame, self.stream.sample_aspect_ratio)
        seen.sizes.setdefault(size, self.n_frames)
        seen.current = geometry
        if before is None:
            seen.geometry = geometry
            seen.color_trc = int(frame.color_trc)
        else:
            seen.n_size_changes += 1
        return geometry

    def _shown_s(self, frame: VideoFrame) -> Fraction:
        """Return when the frame is shown, as far as can be said before the last one is known."""
        tick = self.stream.time_base
        if frame.pts is not None and tick:
            return frame.pts * tick
        return self.n_frames / (self.stream.guessed_rate or DEFAULT_RATE)
