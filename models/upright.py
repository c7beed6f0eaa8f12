"""From decoded frames to the pictures of the proxy: upright, square-pixelled, one for one.

Conventions
-----------
An interlaced frame holds two instants and stays one frame: one index, one picture. From the first
frame that says it is interlaced the proxy is deinterlaced (bwdif, one frame out for one in; frames
that say they are progressive pass untouched), as the comb of two instants hides where things are.
A frame of another size than the first one's is fitted whole into the same picture, with black
beside it. HDR pictures (PQ, HLG) are tone-mapped to BT.709 after they have been made small.
"""

from __future__ import annotations

from fractions import Fraction

import av
from av.filter import Graph
from av.video.frame import VideoFrame

from models.geometry import Filters, Geometry

HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
DEINTERLACE: Filters = (("bwdif", "mode=send_frame:parity=auto:deint=interlaced"),)
TONE_MAP: Filters = (
    (
        "scale",
        "intent=perceptual:out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709",
    ),
)


class UprightScaler:
    """Makes stored frames what the proxy shows.

    Deinterlacing looks one frame ahead, so :meth:`push` may give a frame later, and
    :meth:`flush` gives what is left; in all there are as many out as in.

    Parameters
    ----------
    size : (width, height)
        Of the proxy, both even.
    geometry : Geometry
        Of the first frame, which fills the picture.
    """

    def __init__(self, size: tuple[int, int], geometry: Geometry) -> None:
        self._size = size
        self._first = geometry
        self._key: tuple[str, int, Geometry, bool] | None = None
        self._interlaced = False
        self._graph = Graph()

    def push(self, frame: VideoFrame, geometry: Geometry) -> list[VideoFrame]:
        """Take the next frame; return the pictures that are ready."""
        ready: list[VideoFrame] = []
        self._interlaced = self._interlaced or frame.interlaced_frame
        key = (frame.format.name, int(frame.color_trc), geometry, self._interlaced)
        if key != self._key:
            ready += self.flush()
            self._build(frame, geometry)
            self._key = key
        self._graph.vpush(frame)
        return ready + self._pull()

    def flush(self) -> list[VideoFrame]:
        """Return the pictures that are still inside."""
        if self._key is None or not self._interlaced:
            return []
        self._graph.vpush(None)
        return self._pull()

    def _pull(self) -> list[VideoFrame]:
        ready: list[VideoFrame] = []
        while True:
            try:
                ready.append(self._graph.vpull())
            except (BlockingIOError, av.EOFError):
                return ready

    def _build(self, frame: VideoFrame, geometry: Geometry) -> None:
        """Make the filter graph anew; a graph takes frames of one kind only."""
        graph = Graph()
        nodes = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or Fraction(1, 1000),
            )
        ]
        chain = self._chain(geometry, is_hdr=int(frame.color_trc) in HDR_TRANSFERS)
        nodes += [graph.add(name, args or None) for name, args in chain]
        graph.link_nodes(*nodes, graph.add("buffersink")).configure()
        self._graph = graph

    def _chain(self, geometry: Geometry, *, is_hdr: bool) -> Filters:
        width, height = self._size
        inner = self._size if geometry == self._first else geometry.fitted(self._size)
        return (
            *(DEINTERLACE if self._interlaced else ()),
            *geometry.filters(inner),
            *(TONE_MAP if is_hdr else ()),
            ("format", "yuv420p"),
            *((("pad", f"{width}:{height}:(ow-iw)/2:(oh-ih)/2"),) if inner != self._size else ()),
            ("setsar", "1"),
        )
