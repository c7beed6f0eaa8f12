"""Pictures made of numbers: shots that look apart, with motion and noise as cameras have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from models.hints.observer import FoundHints, HintsObserver
from models.hints.picture import Picture, Pixels
from services.domain.hints import HintRules

SIZE = (256, 144)


def texture(rng: np.random.Generator, size: tuple[int, int] = SIZE) -> Pixels:
    """A scene: blobs of any colour, somewhat larger than the picture, so that it can pan."""
    width, height = size
    coarse = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width * 3 // 2, height * 3 // 2), interpolation=cv2.INTER_CUBIC)


def shot(
    rng: np.random.Generator,
    n_frames: int,
    *,
    pan: float = 0.5,
    noise: float = 2.0,
    size: tuple[int, int] = SIZE,
) -> Iterator[Pixels]:
    """The BGR frames of one shot of a panning camera with a noisy sensor."""
    scene = texture(rng, size)
    width, height = size
    for k in range(n_frames):
        x, y = swung(k * pan, width // 2), swung(k * pan / 2, height // 2)
        view = scene[y : y + height, x : x + width].astype(np.float32)
        yield np.clip(view + rng.normal(0, noise, view.shape), 0, 255).astype(np.uint8)


def swung(way: float, most: int) -> int:
    """Where a camera that pans there and back is after so much way."""
    place = round(way) % (2 * most)
    return min(place, 2 * most - place)


def still(colour: tuple[int, int, int], n_frames: int) -> Iterator[Pixels]:
    width, height = SIZE
    return iter([np.full((height, width, 3), colour, dtype=np.uint8)] * n_frames)


def picture(bgr: Pixels) -> Picture:
    """A picture with the decoder's planes, in video range."""
    height, width = bgr.shape[:2]
    frame = av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(
        width=width, height=height, format="yuv420p"
    )
    made = Picture.of_frame(frame)
    return Picture(y=made.y.copy(), u=made.u.copy(), v=made.v.copy())


def found_in(frames: Iterable[Pixels], rules: HintRules | None = None) -> FoundHints:
    observer = HintsObserver(rules)
    for index, bgr in enumerate(frames):
        observer.observe(index, picture(bgr))
    return observer.finish()


def write_video(path: Path, frames: Iterable[Pixels], *, rate: Fraction = Fraction(25)) -> Path:
    """A source as cameras write it: long groups of pictures, B-frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 250, 2
        for bgr in frames:
            frame = av.VideoFrame.from_ndarray(bgr, format="bgr24")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return path
