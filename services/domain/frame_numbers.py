"""Frames as a person's screen numbers them: the one place that turns ours into theirs.

Label Studio counts frames from 1 and names the last frame of a region; we count from 0 and
name the frame after it. So ``[onset, offset)`` is shown as ``onset + 1 .. offset``. What is
drawn, what is read back and every sentence to a person go through here.
"""

from __future__ import annotations


def shown_range(onset: int, offset: int) -> tuple[int, int]:
    """Return the first and the last frame of ``[onset, offset)`` as they are shown.

    Notes
    -----
    Also of what no segment can be, so that it can be told: a region of no frame is shown
    with a last frame before its first.
    """
    return onset + 1, offset


def range_of_shown(first: int, last: int) -> tuple[int, int]:
    """Return onset and offset of what is shown as ``first .. last``."""
    return first - 1, last


def shown_frames(onset: int, offset: int) -> str:
    """Write the frames ``[onset, offset)`` as they are shown."""
    first, last = shown_range(onset, offset)
    return f"frame {first}" if first == last else f"frames {first} to {last}"
