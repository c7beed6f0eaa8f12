"""One pass over a media file: open it without trusting it, decode every frame, keep the facts.

The reader opens only containers on its own list and only local files, because a playlist named
``.mp4`` could otherwise make the machine fetch addresses. The file's name is never looked at.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from models.geometry import Geometry, geometry_of
from models.refusal import EXHAUSTED, ODD_ERRORS, MediaRefusedError, reason_of, refusing

# Containers that hold video with its own clock. Not here: playlists (hls, dash, concat), which
# point elsewhere; still images; text "video" (tty), as which lavf opens almost any text.
CONTAINERS = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "mpeg", "flv",
    "live_flv", "asf", "ogg", "mxf", "nut", "ivf", "wtv", "dv", "gif", "h264", "hevc", "m4v",
    "mpegvideo", "vc1", "rm", "amv", "swf", "y4m", "yuv4mpegpipe",
)  # fmt: skip
MISSING = -(2**63)
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip", b"moof", b"styp")
# Matroska, FLV, Ogg, MPEG program stream, ASF.
VIDEO_STARTS = (
    b"\x1a\x45\xdf\xa3", b"FLV\x01", b"OggS", b"\x00\x00\x01\xba",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a source may be; None means no limit.

    Parameters
    ----------
    max_bytes : int, optional
        Size of the file.
    max_pixels : int
        Pixels of a stored frame.
    max_frames : int
        Decoded frames.
    max_duration_s : int
        Shown time.
    max_damaged_share : float
        Share of frames that the decoder had to patch up, above which a file is corrupt.
    """

    max_bytes: int | None = None
    max_pixels: int = 8192 * 4352
    max_frames: int = 24 * 3600 * 60
    max_duration_s: int = 24 * 3600
    max_damaged_share: float = 0.01


@dataclass(slots=True, kw_only=True)
class Observed:
    """What one pass saw. Grows by eight bytes a frame and by nothing else."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    n_packets: int = 0
    n_discarded: int = 0
    n_broken_packets: int = 0
    n_damaged: int = 0
    n_interlaced: int = 0
    last_step: int | None = None
    pix_fmts: dict[str, None] = field(default_factory=dict)
    color_trc: int = 2
    geometry: Geometry | None = None
    ends: dict[int, Fraction] = field(default_factory=dict)


class Source:
    """A media file opened for one pass over its first real video stream.

    Parameters
    ----------
    path : Path
        A local file.
    limits : Limits
        What is too large.

    Raises
    ------
    MediaRefusedError
        If it is no video that can be opened.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self.seen = Observed()
        self.container = _open(path, limits)
        try:
            self.stream, self.n_video_streams = _first_video(self.container)
            self._check_pixels(self.stream.width, self.stream.height)
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
        ends: dict[int, int] = {}
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
        if seen.geometry is None:
            self._check_pixels(frame.width, frame.height)
            seen.geometry = geometry_of(frame, self.stream.sample_aspect_ratio)
            seen.color_trc = int(frame.color_trc)
        first = seen.geometry
        if (frame.width, frame.height) != (first.stored_width, first.stored_height):
            raise MediaRefusedError(
                f"The picture changes size at frame {self.n_frames}, from {first.stored_width}x"
                f"{first.stored_height} to {frame.width}x{frame.height}. "
                "Send the parts as separate clips.",
                code="size_changes",
                facts={"n_frames": self.n_frames},
            )
        seen.pts.append(MISSING if frame.pts is None else frame.pts)
        seen.n_damaged += frame.is_corrupt
        seen.n_interlaced += frame.interlaced_frame
        seen.last_step = frame.duration or None
        seen.pix_fmts[frame.format.name] = None
        if self.n_frames > self.limits.max_frames:
            raise _too_large(f"It has more than {self.limits.max_frames} frames.")

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > self.limits.max_pixels:
            raise _too_large(
                f"Its frames of {width}x{height} are above {self.limits.max_pixels} pixels."
            )


def _too_large(detail: str) -> MediaRefusedError:
    return MediaRefusedError(f"The file is too large. {detail}", code="too_large")


def _open(path: Path, limits: Limits) -> InputContainer:
    if not path.is_file():
        raise MediaRefusedError(f"There is no file {path.name!r}.", code="file_missing")
    n_bytes = path.stat().st_size
    if n_bytes == 0:
        raise MediaRefusedError("The file is empty (0 bytes).", code="empty_file")
    if limits.max_bytes is not None and n_bytes > limits.max_bytes:
        raise _too_large(f"It has {n_bytes} bytes; the limit is {limits.max_bytes}.")
    options = {
        "format_whitelist": ",".join(CONTAINERS),
        "protocol_whitelist": "file",
    }
    try:
        # "replace": a header that is no UTF-8 would otherwise raise from inside PyAV.
        return av.open(f"file:{path.resolve()}", options=options, metadata_errors="replace")
    except EXHAUSTED:
        raise
    except ODD_ERRORS as error:
        code = "unreadable" if _looks_like_video(path) else "not_video"
        what = (
            "It begins like a video file but cannot be opened"
            if code == "unreadable"
            else "The content is no video that can be opened, whatever the file's name says"
        )
        raise MediaRefusedError(f"{what} ({reason_of(error)}).", code=code) from error


def _looks_like_video(path: Path) -> bool:
    """Say whether the first bytes are those of a video container."""
    with path.open("rb") as file:
        head = file.read(16)
    is_avi = head.startswith(b"RIFF") and head[8:12] == b"AVI "
    return is_avi or head.startswith(VIDEO_STARTS) or head[4:8] in MP4_BOXES


def _first_video(container: InputContainer) -> tuple[VideoStream, int]:
    """Return the first video stream that is no cover picture, and how many there are."""
    with refusing("unreadable", "The file's streams cannot be read"):
        real = [
            stream
            for stream in container.streams.video
            if not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
        ]
        kinds = sorted({stream.type for stream in container.streams})
    if not real:
        held = ", ".join(kinds) or "nothing"
        raise MediaRefusedError(
            f"The file holds no video stream, only: {held}.", code="no_video_stream"
        )
    if any(stream.codec_context is None for stream in real[:1]):
        raise MediaRefusedError("The video's codec is not known.", code="unreadable")
    return real[0], len(real)
