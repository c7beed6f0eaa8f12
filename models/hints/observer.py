"""All hints from one decode pass: of the proxy, or of any pass that shows every frame once."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import av
import cv2
from av.video.frame import VideoFrame

from models.hints.picture import Picture
from models.hints.shots import Shots
from models.hints.stills import Stills
from models.hints.strip import Thumbnails
from models.refusal import MediaRefusedError, refusing
from services.domain.errors import InputError
from services.domain.hints import HintRules, Hints


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHints:
    """What one pass found, and the JPEG that ``hints.strip`` lays out."""

    hints: Hints
    strip_jpeg: bytes

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        jpeg = base64.b64encode(self.strip_jpeg).decode()
        return {"hints": self.hints.as_json(), "strip_jpeg": jpeg}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote."""
        jpeg = base64.b64decode(data["strip_jpeg"])
        return cls(hints=Hints.from_json(data["hints"]), strip_jpeg=jpeg)


class HintsObserver:
    """Takes a clip's frames one by one, in order, in constant memory.

    Parameters
    ----------
    rules : HintRules, optional
        What is pointed out.
    """

    def __init__(self, rules: HintRules | None = None) -> None:
        # Pictures this small cost more to share out among threads than to work on.
        cv2.setNumThreads(1)
        self._rules = rules or HintRules()
        self._shots = Shots(self._rules)
        self._stills = Stills(self._rules)
        self._thumbnails = Thumbnails(self._rules)
        self._next = 0

    def observe(self, index: int, picture: Picture) -> None:
        """Take the next frame; the picture may be forgotten afterwards.

        Raises
        ------
        InputError
            If it is not the next one.
        """
        if index != self._next:
            raise InputError(f"Frame {index} was shown where frame {self._next} comes next.")
        self._next += 1
        for observer in (self._shots, self._stills, self._thumbnails):
            observer.observe(index, picture)

    def observe_frame(self, index: int, frame: VideoFrame) -> None:
        """Take the next frame as a decoder gives it.

        Raises
        ------
        MediaRefusedError
            If it is not yuv420p (code ``proxy_unsound``).
        """
        self.observe(index, Picture.of_frame(frame))

    def finish(self) -> FoundHints:
        """Return what was found.

        Raises
        ------
        InputError
            If no frame was observed.
        """
        strip, jpeg = self._thumbnails.finish()
        black, frozen = self._stills.finish()
        hints = Hints(
            n_frames=self._next,
            shots=self._shots.finish(),
            black=black,
            frozen=frozen,
            strip=strip,
            rules=self._rules,
        )
        return FoundHints(hints=hints, strip_jpeg=jpeg)


def read_hints(proxy: Path | str, *, rules: HintRules | None = None) -> FoundHints:
    """Decode a proxy once and return its hints.

    Raises
    ------
    MediaRefusedError
        If it cannot be decoded as yuv420p (code ``proxy_unsound``).
    """
    observer = HintsObserver(rules)
    is_empty = True
    with refusing("proxy_unsound", "The proxy cannot be decoded"), av.open(str(proxy)) as opened:
        stream = opened.streams.video[0]
        stream.thread_type = "AUTO"
        for index, frame in enumerate(opened.decode(stream)):
            observer.observe_frame(index, frame)
            is_empty = False
    if is_empty:
        raise MediaRefusedError("The proxy holds no frame.", code="proxy_unsound")
    return observer.finish()
