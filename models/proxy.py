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
from av.filter import Graph
from av.video.frame import VideoFrame

from models.geometry import Geometry
from models.probe import Probe
from models.proof import GOP, ProxyResult, prove_and_place, scratch_for
from models.refusal import MediaRefusedError
from models.source import Limits, Source
from services.domain.timebase import Timebase

# x264's output depends on its thread count; a fixed one makes the same bytes on every machine.
ENCODER_THREADS = 4
ENCODER_OPTIONS = {
    "preset": "veryfast",
    "crf": "23",
    "x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0:force-cfr=1",
}
MUXER_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}


class UprightScaler:
    """Turns stored frames into upright, square-pixelled yuv420p frames, one for one."""

    def __init__(self, geometry: Geometry, size: tuple[int, int]) -> None:
        self._geometry = geometry
        self._size = size
        self._format: str | None = None
        self._graph = Graph()

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """Return the frame as the proxy shows it."""
        if frame.format.name != self._format:
            self._build(frame)
        self._graph.vpush(frame)
        return self._graph.vpull()

    def _build(self, frame: VideoFrame) -> None:
        """Make the filter graph anew; a graph takes one pixel format only."""
        graph = Graph()
        nodes = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or Fraction(1, 1000),
            )
        ]
        chain = self._geometry.filters(self._size)
        nodes += [graph.add(name, args or None) for name, args in chain]
        graph.link_nodes(*nodes, graph.add("buffersink")).configure()
        self._graph, self._format = graph, frame.format.name


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
    """

    def __init__(self, path: Path, *, rate: Fraction, geometry: Geometry, height: int) -> None:
        self.rate = rate
        self.size = geometry.proxy_size(height)
        self.n_frames = 0
        self._scale = UprightScaler(geometry, self.size)
        self._container = av.open(str(path), "w", format="mp4", options=MUXER_OPTIONS)
        # An MP4 track's clock defaults to a multiple of the stream's, so k / rate is a whole tick.
        stream = self._container.add_stream("libx264", rate=rate)
        stream.width, stream.height = self.size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / rate
        context.gop_size, context.max_b_frames = GOP, 0
        context.thread_count = ENCODER_THREADS
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
        if kind is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def add(self, frame: VideoFrame) -> None:
        """Encode the next frame."""
        out = self._scale(frame)
        out.pts, out.time_base = self.n_frames, 1 / self.rate
        out.pict_type = 0  # else the source's own I, P, B would be forced upon the encoder
        self._container.mux(self._stream.encode(out))
        self.n_frames += 1


def make_proxy(
    source: Path | str,
    destination: Path | str,
    *,
    timebase: Probe | Timebase,
    height: int = 360,
    limits: Limits | None = None,
) -> ProxyResult:
    """Write the proxy of a probed file, prove it, and put it in place at once.

    Raises
    ------
    MediaRefusedError
        If the file no longer decodes as it was probed, or the proxy is not exact.
    """
    known = timebase.timebase if isinstance(timebase, Probe) else timebase
    with scratch_for(Path(destination)) as scratch:
        with Source(Path(source), limits or Limits()) as opened:
            encode(opened, opened.frames(), scratch, rate=known.rate, height=height)
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
    with ProxyWriter(path, rate=rate, geometry=geometry, height=height) as writer:
        writer.add(first)
        for frame in iterator:
            writer.add(frame)


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
