"""What a media file is, found by decoding all of it: header and name are only hearsay.

Conventions
-----------
Frame ``k`` is the k-th frame a player would show. Frames that an edit list hides are decoded
as references and never counted. Where timestamps are missing or do not strictly increase, the
decoder's output order is the presentation order, timestamps are made up at the stated rate,
and the record says so (``timestamps: "synthesised"``).

Notes
-----
A file is ``corrupt`` when a packet cannot be read or decoded, when more than a set share of
frames had to be patched up by the decoder, or when it holds less than its container promises:
a frame count (MP4, AVI, Matroska statistics), a stream duration, or a file duration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np

from models.oddities import field_order, oddities
from models.promise import broken_promise
from models.rates import Ticks, recover_rate
from models.refusal import MediaRefusedError
from models.source import MISSING, Source
from services.domain.media_limits import MediaLimits, StreamChoice
from services.domain.timebase import StepRun, Timebase


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The facts of one sound media file.

    Parameters
    ----------
    n_frames : int
        Frames shown, as decoded.
    timebase : Timebase
        When each of them is shown.
    width, height : int
        The upright picture with square pixels.
    rotation : int
        Degrees of the display matrix, counter-clockwise positive; already in width and height.
    duration_s : Fraction
        Shown time, with the last frame's own.
    timestamps : str
        ``"container"`` or ``"synthesised"``.
    interlaced : str, optional
        The field shown first, ``"top"``, ``"bottom"`` or ``"unknown"``, where decoded frames say
        that they hold two; None: they are progressive.
    warnings : tuple of str
        Sentences about what is odd and was handled.
    """

    n_frames: int
    timebase: Timebase
    width: int
    height: int
    sar: Fraction
    rotation: int
    codec: str
    pix_fmt: str
    container: str
    duration_s: Fraction
    n_video_streams: int
    has_audio: bool
    timestamps: str
    interlaced: str | None
    warnings: tuple[str, ...]

    @property
    def rate(self) -> Fraction:
        """Frames per second, exactly."""
        return self.timebase.rate

    @property
    def vfr(self) -> bool:
        """Whether the frames keep off the rate."""
        return self.timebase.is_variable

    @property
    def first_pts_s(self) -> Fraction:
        """Presentation time of frame 0 in the source, in seconds."""
        return self.timebase.seconds(0)

    def as_json(self) -> dict[str, Any]:
        """Return the record: rationals as text, seconds as rounded numbers."""
        return {
            "n_frames": self.n_frames,
            "rate": str(self.rate),
            "vfr": self.vfr,
            "first_pts_s": round(float(self.first_pts_s), 6),
            "duration_s": round(float(self.duration_s), 6),
            "width": self.width,
            "height": self.height,
            "sar": str(self.sar),
            "rotation": self.rotation,
            "codec": self.codec,
            "pix_fmt": self.pix_fmt,
            "container": self.container,
            "n_video_streams": self.n_video_streams,
            "has_audio": self.has_audio,
            "timestamps": self.timestamps,
            "interlaced": self.interlaced,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(
        cls, data: Mapping[str, Any], *, timebase: Timebase, duration_s: Fraction
    ) -> Self:
        """Read what :meth:`as_json` wrote, with the two exact values that it rounds."""
        return cls(
            n_frames=data["n_frames"],
            timebase=timebase,
            width=data["width"],
            height=data["height"],
            sar=Fraction(data["sar"]),
            rotation=data["rotation"],
            codec=data["codec"],
            pix_fmt=data["pix_fmt"],
            container=data["container"],
            duration_s=duration_s,
            n_video_streams=data["n_video_streams"],
            has_audio=data["has_audio"],
            timestamps=data["timestamps"],
            interlaced=data["interlaced"],
            warnings=tuple(data["warnings"]),
        )


def probe(
    path: Path | str, *, limits: MediaLimits | None = None, stream: StreamChoice = "first"
) -> Probe:
    """Decode a whole file and return its facts.

    Raises
    ------
    MediaRefusedError
        If the file can never be labelled exactly; the code names the reason.
    """
    with Source(Path(path), limits or MediaLimits(), stream) as source:
        for _ in source.frames():
            pass
        return conclude(source)


def conclude(source: Source) -> Probe:
    """Judge a source whose frames have all been read.

    Raises
    ------
    MediaRefusedError
        If it holds no frames, or fewer than it promises, or is too long.
    """
    seen = source.seen
    geometry = seen.geometry
    if geometry is None:
        raise MediaRefusedError("No frame of the video can be decoded.", code="no_frames")
    timebase, timestamps, warnings = _timebase(source)
    step = seen.last_step if timestamps == "container" else None
    last_s = step * timebase.tick if step else 1 / timebase.rate
    duration_s = timebase.seconds(len(seen.pts) - 1) + last_s - timebase.seconds(0)
    _refuse_if_unsound(source, duration_s)
    width, height = geometry.display_size()
    return Probe(
        n_frames=len(seen.pts),
        timebase=timebase,
        width=width,
        height=height,
        sar=geometry.sar,
        rotation=geometry.rotation,
        codec=source.stream.codec_context.codec.canonical_name,
        pix_fmt=next(iter(seen.pix_fmts)),
        container=source.container.format.name,
        duration_s=duration_s,
        n_video_streams=source.n_video_streams,
        has_audio=bool(source.container.streams.audio),
        timestamps=timestamps,
        interlaced=field_order(source),
        warnings=(*warnings, *oddities(source)),
    )


def stated_rates(source: Source) -> tuple[Fraction, ...]:
    """Return the rates that the container states, most trusted first."""
    stream = source.stream
    rates = (stream.average_rate, stream.guessed_rate, stream.base_rate)
    return tuple(dict.fromkeys(rate for rate in rates if rate))


def _timebase(source: Source) -> tuple[Timebase, str, tuple[str, ...]]:
    pts, tick = np.asarray(source.seen.pts, dtype=np.int64), source.stream.time_base
    n_missing = int(np.count_nonzero(pts == MISSING))
    n_backward = int(np.count_nonzero(np.diff(pts) <= 0)) if not n_missing else 0
    if tick and not n_missing and not n_backward:
        finding = recover_rate(
            pts, tick=tick, stated=stated_rates(source), last_step=source.seen.last_step
        )
        return _timebase_of(pts, rate=finding.rate, tick=tick), "container", ()
    return _synthesised(source, pts, n_missing=n_missing, n_backward=n_backward)


def _timebase_of(pts: Ticks, *, rate: Fraction, tick: Fraction) -> Timebase:
    """Do what ``Timebase.from_pts`` does, without a Python number for every frame."""
    steps = np.diff(pts)
    begins = np.flatnonzero(np.diff(steps, prepend=0))  # a step is never 0
    counts = np.diff(begins, append=len(steps))
    pairs = zip(steps[begins].tolist(), counts.tolist(), strict=True)
    runs = tuple(StepRun(step=step, count=count) for step, count in pairs)
    return Timebase(rate=rate, tick=tick, first_pts=int(pts[0]), runs=runs)


def _synthesised(
    source: Source, pts: Ticks, *, n_missing: int, n_backward: int
) -> tuple[Timebase, str, tuple[str, ...]]:
    """Make up timestamps in decode order; the first frame keeps its own where it has one."""
    one = np.zeros(1, dtype=np.int64)
    said = stated_rates(source)
    rate = recover_rate(one, tick=Fraction(1), stated=said).rate
    tick = source.stream.time_base or 1 / rate
    first_s = int(pts[0]) * tick if pts[0] != MISSING else Fraction(0)
    even = Timebase.constant(rate=rate, n_frames=len(pts))
    timebase = replace(even, first_pts=round(first_s * rate))
    fault = (
        f"{n_missing} frames have no timestamp"
        if n_missing
        else f"{n_backward} timestamps do not increase"
    )
    whose = "the container's rate" if said else "an assumed rate"
    return timebase, "synthesised", (f"{fault}; decode order at {whose} {rate} is used.",)


def _refuse_if_unsound(source: Source, duration_s: Fraction) -> None:
    seen, limits = source.seen, source.limits
    n_frames = len(seen.pts)
    facts = {"n_frames": n_frames}
    if n_frames == 1 and source.container.format.name == "gif":
        raise MediaRefusedError("The file is a still image.", code="not_video", facts=facts)
    if duration_s > limits.max_duration_s:
        raise MediaRefusedError(
            f"The file is too large. It lasts {float(duration_s):.0f} s; the limit is "
            f"{limits.max_duration_s} s.",
            code="too_large",
            facts=facts,
        )
    share = seen.n_damaged / n_frames
    complaint = broken_promise(source, duration_s)
    if complaint is None and share > limits.max_damaged_share:
        complaint = f"{seen.n_damaged} of its {n_frames} frames are damaged"
    if complaint is not None:
        raise MediaRefusedError(
            f"The file is damaged or cut off: {complaint}.", code="corrupt", facts=facts
        )
