"""Where one shot ends and another begins, by PySceneDetect's adaptive detector.

The detector compares each picture with the one before (hue, saturation, value) and asks for a
change that stands out from its neighbours', so that a moving camera is no cut. It sees the
pictures of our own decoding, by their index: it opens no file and counts no frame itself.
What it does not know of is added here:

- few pictures a second, each shown two to four times, are a moving camera too: pictures that
  merely stand that long are kept from it, as any change stands out beside none;
- after a flash the picture is back, so it was no cut;
- a cut among the last frames is one, though next to nothing follows it.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import cv2
from scenedetect import AdaptiveDetector, FrameTimecode

from models.hints.picture import Picture, Pixels
from services.domain.hints import HintRules

# The detector's clock. Its limits are given in frames, so that any rate counts the same.
CLOCK = Fraction(1)
# Mean change of luma, from 0 to 255, below which a picture stands; compression makes as much.
STANDING = 2.0
MOST_REPEATS = 3


class Shots:
    """Collects the first frame of every shot but the first."""

    def __init__(self, rules: HintRules) -> None:
        self._window = rules.shot_window
        self._detector = AdaptiveDetector(
            adaptive_threshold=rules.shot_ratio,
            min_content_val=rules.shot_change,
            window_width=rules.shot_window,
            min_scene_len=rules.shot_min_frames,
        )
        self._cuts: list[int] = []
        self._last: tuple[int, Pixels] | None = None
        self._standing: list[tuple[int, Pixels]] = []
        # From the picture before one that may be a cut to the one by which that is known.
        self._recent: deque[Pixels] = deque(maxlen=rules.shot_window + 2)

    def observe(self, index: int, picture: Picture) -> None:
        """Take the next frame."""
        shown = picture.tiny
        stands = bool(self._recent) and _change(self._recent[-1], shown) < STANDING
        self._last = index, shown
        if not stands:
            self._standing.clear()
            self._feed(index, shown)
            return
        self._standing.append((index, shown))
        if len(self._standing) > MOST_REPEATS:
            for one in self._standing:
                self._feed(*one)
            self._standing.clear()

    def finish(self) -> tuple[int, ...]:
        """Return the first frames of shots, in order."""
        if self._last is None:
            return ()
        # A cut is judged by what follows it: after the last frame its picture simply stands.
        index, shown = self._last
        for beyond in range(index + 1, index + 1 + self._window):
            self._feed(beyond, shown)
        return tuple(self._cuts)

    def _feed(self, index: int, shown: Pixels) -> None:
        self._recent.append(shown)
        found = self._detector.process_frame(FrameTimecode(index, CLOCK), shown)
        if found and not self._is_flash():
            self._cuts += [cut.frame_num for cut in found]

    def _is_flash(self) -> bool:
        """Whether the picture now is nearer to the one before the cut than the cut's own is."""
        before, at_cut, now = self._recent[0], self._recent[1], self._recent[-1]
        return _change(before, now) < _change(before, at_cut) / 2


def _change(one: Pixels, other: Pixels) -> float:
    return cv2.norm(one, other, cv2.NORM_L1) / one.size
