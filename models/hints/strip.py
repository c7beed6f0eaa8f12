"""The strip: small pictures evenly spread over a clip, in one JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from models.hints.picture import Picture, Pixels
from services.domain.errors import InputError
from services.domain.hints import HintRules, Strip

COLUMNS = 12
JPEG_QUALITY = 80


class Thumbnails:
    """Keeps every ``step``-th picture; the step doubles whenever there are too many.

    So the spread is even, and memory constant, for a clip whose length nobody knows yet.
    """

    def __init__(self, rules: HintRules) -> None:
        self._most = rules.thumbnails
        self._side = rules.thumbnail_side
        self._step = 1
        self._kept: list[tuple[int, Pixels]] = []

    def observe(self, index: int, picture: Picture) -> None:
        """Take the next frame."""
        if index % self._step:
            return
        if len(self._kept) == self._most:
            self._step *= 2
            self._kept = [kept for kept in self._kept if kept[0] % self._step == 0]
            if index % self._step:
                return
        self._kept.append((index, picture.thumbnail(self._side)))

    def finish(self) -> tuple[Strip, bytes]:
        """Return the layout and the JPEG.

        Raises
        ------
        InputError
            If no frame was observed.
        """
        if not self._kept:
            raise InputError("A strip needs at least one frame.")
        height, width = self._kept[0][1].shape[:2]
        strip = Strip(
            frames=tuple(index for index, _ in self._kept),
            columns=min(COLUMNS, len(self._kept)),
            cell_width=width,
            cell_height=height,
        )
        sheet = np.zeros((strip.n_rows * height, strip.columns * width, 3), dtype=np.uint8)
        for cell, (_, picture) in zip(strip.cells(), self._kept, strict=True):
            sheet[cell.y : cell.y + height, cell.x : cell.x + width] = picture
        written, jpeg = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not written:
            raise InputError("The strip cannot be written as JPEG.")
        return strip, jpeg.tobytes()
