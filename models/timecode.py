"""The timecode that a camera wrote beside the picture."""

from __future__ import annotations

from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from services.domain.errors import InputError
from services.domain.multiview.timecode import Timecode

KEY = "timecode"


def timecode_of(container: InputContainer, video: VideoStream) -> Timecode | None:
    """Return the timecode of the first frame, or None where there is none that can be read.

    Notes
    -----
    A timecode track counts at a rate of its own, which need not be the picture's: cameras write
    30 numbers a second beside 60 frames.
    """
    for stream in (*container.streams.data, video):
        rate = getattr(stream, "average_rate", None) or video.average_rate
        if text := stream.metadata.get(KEY):
            return _read(text, rate)
    return _read(container.metadata.get(KEY), video.average_rate)


def _read(text: str | None, rate: Fraction | None) -> Timecode | None:
    """Read what some camera wrote; nonsense counts as none."""
    if text is None or rate is None:
        return None
    try:
        return Timecode.parse(text, rate=rate)
    except InputError:
        return None
