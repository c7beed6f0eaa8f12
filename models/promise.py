"""Whether a file holds what its container promises: the way to notice that it was cut off."""

from __future__ import annotations

import re
from fractions import Fraction

from models.opening import KEEPS_WORD
from models.source import Source

_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)$")


def broken_promise(source: Source, duration_s: Fraction) -> str | None:
    """Return what is missing, as part of a sentence, or None when the promise is kept.

    Parameters
    ----------
    source : Source
        Read to its end.
    duration_s : Fraction
        Shown time of what was decoded.

    Notes
    -----
    AVI counts "as before" chunks that hold no frame, so a count alone convicts only when there
    were packets that did not decode; otherwise the time must be short as well.
    """
    seen, n_frames = source.seen, source.n_frames
    if seen.n_broken_packets:
        broken = f"packets are cut off or missing ({seen.n_broken_packets})"
        return f"{n_frames} frames decoded, and {broken}"
    promised = promised_frames(source)
    usable = min(promised, seen.n_packets) - seen.n_discarded
    if usable > n_frames:
        return f"{n_frames} frames decoded where the header promises {promised}"
    step_s = duration_s / n_frames
    claim_s, slack_s = _claimed_duration(source, step_s)
    if claim_s is None or _reached_s(source, duration_s) >= claim_s - slack_s:
        return None
    if promised > n_frames + seen.n_discarded:
        return f"{n_frames} frames decoded where the header promises {promised}"
    return (
        f"{n_frames} frames decoded, {float(duration_s):.2f} s where the header promises "
        f"{float(claim_s):.2f} s"
    )


def promised_frames(source: Source) -> int:
    """Return the frame count that the header states, or 0."""
    stated = source.stream.metadata
    tags = (stated.get("NUMBER_OF_FRAMES"), stated.get("NUMBER_OF_FRAMES-eng"))
    counts = [int(tag) for tag in tags if tag and tag.isdecimal()]
    return source.stream.frames or (counts[0] if counts else 0)


def _claimed_duration(source: Source, step_s: Fraction) -> tuple[Fraction | None, Fraction]:
    """Return the duration that the header states and how short it may fall."""
    stream, container = source.stream, source.container
    if not KEEPS_WORD & set(container.format.name.split(",")):
        return None, Fraction(0)
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base, 2 * step_s
    tag = stream.metadata.get("DURATION") or stream.metadata.get("DURATION-eng")
    if tag and (match := _CLOCK.search(tag)):
        hours, minutes, seconds = (Fraction(part) for part in match.groups())
        # Matroska's tag is where the stream ends, from the file's own zero.
        return hours * 3600 + minutes * 60 + seconds, 2 * step_s
    if container.duration:
        claim_s = Fraction(container.duration, 1_000_000)
        return claim_s, max(Fraction(1, 2), claim_s / 50)
    return None, Fraction(0)


def _reached_s(source: Source, duration_s: Fraction) -> Fraction:
    """Return how far the file really goes, in its own terms."""
    stream = source.stream
    if stream.duration:
        return duration_s
    ends = source.seen.ends
    has_tag = any(name in stream.metadata for name in ("DURATION", "DURATION-eng"))
    if has_tag:
        return ends.get(stream.index, duration_s)
    return max((*ends.values(), duration_s))
