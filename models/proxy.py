"""The video people watch: every source frame exactly once, at an exactly constant rate.

Conventions
-----------
Proxy frame ``k`` is source frame ``k`` and is shown at ``k / rate`` seconds, exactly. H.264
yuv420p in MP4, an IDR frame every 12, no B-frames (so decode order is presentation order and no
edit list is needed), index in front, upright, square pixels, even sides, never enlarged.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.bitstream import BitStreamFilterContext
from av.video.frame import VideoFrame

from models.geometry import Geometry
from models.probe import Probe
from models.proof import GOP, ProxyResult, prove_and_place, scratch_for
from models.refusal import MediaRefusedError
from models.source import UNKNOWN_COLOR, Source
from models.upright import HDR_TRANSFERS, UprightScaler
from services.domain.media_limits import MediaLimits, StreamChoice
from services.domain.timebase import Timebase

# x264's output depends on its thread count; a fixed one makes the same bytes on every machine.
ENCODER_THREADS = 4
ENCODER_OPTIONS = {
    "preset": "veryfast",
    "crf": "23",
    "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0:force-cfr=1",
}
MUXER_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}

# Primaries, transfer and matrix, as ITU-T H.273 numbers them.
Color = tuple[int, int, int]
BT709: Color = (1, 1, 1)
YUV_MATRICES = {1, 5, 6, 9}


class ProxyWriter:
    """Encodes frames one by one to a new file at an exactly constant rate.

    Parameters
    ----------
    path : Path
        The file to write; its folder exists.
    rate : Fraction
        Frames per second.
    geometry : Geometry
        Of the stored frames that will come.
    height : int
        Lines of the proxy at most.
    color : Color, optional
        Primaries, transfer and matrix that its headers state.
    """

    def __init__(
        self,
        path: Path,
        *,
        rate: Fraction,
        geometry: Geometry,
        height: int,
        color: Color | None = None,
    ) -> None:
        self.rate = rate
        self.size = geometry.proxy_size(height)
        self.n_frames = 0
        self._scaler = UprightScaler(self.size, geometry)
        self._container = av.open(str(path), "w", format="mp4", options=MUXER_OPTIONS)
        # An MP4 track's clock defaults to a multiple of the stream's, so k / rate is a whole tick.
        stream = self._container.add_stream("libx264", rate=rate)
        stream.width, stream.height = self.size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / rate
        context.gop_size, context.max_b_frames = GOP, 0
        context.thread_count = ENCODER_THREADS
        if color is not None:
            context.color_primaries, context.color_trc, context.colorspace = color
        context.options = dict(ENCODER_OPTIONS)
        self._stream = stream

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._encode(self._scaler.flush())
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def add(self, frame: VideoFrame, geometry: Geometry) -> None:
        """Encode the next frame, whose own geometry may differ from the first one's."""
        self._encode(self._scaler.push(frame, geometry))

    def _encode(self, pictures: list[VideoFrame]) -> None:
        for picture in pictures:
            picture.pts, picture.time_base = self.n_frames, 1 / self.rate
            picture.pict_type = 0  # else the source's own I, P, B would be forced on the encoder
            self._container.mux(self._stream.encode(picture))
            self.n_frames += 1


def make_proxy(
    source: Path | str,
    destination: Path | str,
    *,
    timebase: Probe | Timebase,
    height: int = 360,
    limits: MediaLimits | None = None,
    stream: StreamChoice = "first",
) -> ProxyResult:
    """Write the proxy of a probed file, prove it, and put it in place at once.

    Raises
    ------
    MediaRefusedError
        If the file no longer decodes as it was probed, or the proxy is not exact.
    """
    known = timebase.timebase if isinstance(timebase, Probe) else timebase
    with scratch_for(Path(destination)) as scratch:
        with Source(Path(source), limits or MediaLimits(), stream) as opened:
            encode(opened, opened.frames(), scratch, rate=known.play_rate, height=height)
        if opened.n_frames != known.n_frames:
            raise MediaRefusedError(
                f"The file holds {opened.n_frames} frames where {known.n_frames} were probed.",
                code="proxy_unsound",
            )
        return prove_and_place(scratch, Path(destination), timebase=known)


def encode(
    source: Source, frames: Iterable[VideoFrame], path: Path, *, rate: Fraction, height: int
) -> None:
    """Encode the frames of a source to ``path`` at ``rate``.

    Raises
    ------
    MediaRefusedError
        If there is no frame.
    """
    iterator = iter(frames)
    first = next(iterator, None)
    geometry = source.seen.geometry
    if first is None or geometry is None:
        raise MediaRefusedError("No frame of the video can be decoded.", code="no_frames")
    color = color_of(first)
    with ProxyWriter(path, rate=rate, geometry=geometry, height=height, color=color) as writer:
        writer.add(first, geometry)
        for frame in iterator:
            writer.add(frame, source.seen.current or geometry)


def color_of(frame: VideoFrame) -> Color | None:
    """Return what the proxy says of its colours; None leaves it to the player.

    Players take a small video without a word for BT.601, which a scaled-down BT.709 one is not.
    """
    if int(frame.color_trc) in HDR_TRANSFERS:
        return BT709
    found = (int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace))
    if found[2] in YUV_MATRICES:
        return found
    is_high_definition = frame.height >= 720 and frame.format.name.startswith("yuv")
    return BT709 if is_high_definition and found[2] == UNKNOWN_COLOR else None


def retime(path: Path, *, rate: Fraction) -> None:
    """Give an encoded proxy another rate without encoding it again.

    Needed where the rate is known only after the last frame. The rate inside the H.264 stream
    is changed with the container's, as some players trust the one and some the other.
    """
    retimed = path.with_name(f"{path.name}.retimed")
    with (
        av.open(str(path)) as before,
        av.open(str(retimed), "w", format="mp4", options=MUXER_OPTIONS) as after,
    ):
        stream = after.add_stream_from_template(before.streams.video[0])
        stream.time_base = 1 / rate
        tick_rate = 2 * rate  # H.264 counts fields
        clock = BitStreamFilterContext(
            f"h264_metadata=tick_rate={tick_rate.numerator}/{tick_rate.denominator}",
            before.streams.video[0],
            stream,
        )
        shown = 0
        for packet in before.demux(video=0):
            for changed in clock.filter(packet if packet.size else None):
                changed.stream = stream
                changed.pts = changed.dts = shown
                changed.duration, changed.time_base = 1, 1 / rate
                after.mux(changed)
                shown += 1
    retimed.replace(path)
