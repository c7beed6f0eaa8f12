"""Stretches in which there is nothing to see, or nothing new: black and frozen pictures."""

from __future__ import annotations

import cv2
import numpy as np

from models.hints.picture import Picture, Pixels
from services.domain.hints import FrameRange, HintRules


class Stills:
    """Collects black and frozen stretches.

    Notes
    -----
    A frozen stretch is held to its own first picture, not each picture to the one before: a
    slow fade changes next to nothing from frame to frame, and is no freeze.
    """

    def __init__(self, rules: HintRules) -> None:
        self._rules = rules
        self._black: list[FrameRange] = []
        self._frozen: list[FrameRange] = []
        self._black_since: int | None = None
        self._anchor: tuple[int, Pixels] | None = None
        self._next = 0

    def observe(self, index: int, picture: Picture) -> None:
        """Take the next frame."""
        luma = picture.small_luma
        if self._is_black(luma):
            self._end_frozen(index)
            if self._black_since is None:
                self._black_since = index
        else:
            self._end_black(index)
            if self._anchor is None or not self._is_still(luma, self._anchor[1]):
                self._end_frozen(index)
                self._anchor = index, luma
        self._next = index + 1

    def finish(self) -> tuple[tuple[FrameRange, ...], tuple[FrameRange, ...]]:
        """Return the black and the frozen stretches, each in order."""
        self._end_black(self._next)
        self._end_frozen(self._next)
        return tuple(self._black), tuple(self._frozen)

    def _is_black(self, luma: Pixels) -> bool:
        n_dark = np.count_nonzero(luma <= self._rules.black_luma)
        return n_dark >= self._rules.black_share * luma.size

    def _is_still(self, luma: Pixels, anchor: Pixels) -> bool:
        n_changed = np.count_nonzero(cv2.absdiff(luma, anchor) > self._rules.frozen_luma)
        return n_changed <= self._rules.frozen_share * luma.size

    def _end_black(self, index: int) -> None:
        onset, self._black_since = self._black_since, None
        if onset is not None and index - onset >= self._rules.black_min_frames:
            self._black.append(FrameRange(onset=onset, offset=index))

    def _end_frozen(self, index: int) -> None:
        anchor, self._anchor = self._anchor, None
        if anchor is not None and index - anchor[0] >= self._rules.frozen_min_frames:
            self._frozen.append(FrameRange(onset=anchor[0], offset=index))
