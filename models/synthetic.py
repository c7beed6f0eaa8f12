"""Clips with known boundaries, and with their frame numbers written into the picture.

Every label has its own colours, pattern and motion; a disc moves through the scene so that it
looks like something. The frame number stands in digits for people and, along the bottom, in
black and white cells for machines, which survive scaling, turning and compression.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

NUMBER_BITS = 20
CHECK_BITS = 4
# A white and a black cell first: the reader takes its threshold from them.
N_CELLS = 2 + NUMBER_BITS + CHECK_BITS
STRIP_SHARE = 1 / 9
# 3x5 dots, rows from the top, as octal digits of three bits.
DIGITS = ("75557", "26227", "71747", "71717", "55711", "74717", "74757", "71111", "75757", "75717")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipStyle:
    """How a clip is stored; the picture stays the same.

    Parameters
    ----------
    vfr : bool
        Stretch the shown time of every third frame by half a period.
    start_offset_s : Fraction
        Timestamp of the first frame.
    b_frames : int
        Most B-frames in a row.
    rotation : int
        Quarter turn that the display matrix states (-90, 90, 180); the raster is stored turned
        the other way, so that the shown picture is upright.
    sar : Fraction
        Width over height of a stored pixel, as stated; the raster is not changed.
    codec, pix_fmt : str
        Of the encoder.
    gop : int
        Frames from key frame to key frame.
    noise : float
        Standard deviation of the grain in grey levels.
    """

    vfr: bool = False
    start_offset_s: Fraction = Fraction(0)
    b_frames: int = 0
    rotation: int = 0
    sar: Fraction = Fraction(1)
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    gop: int = 60
    noise: float = 0.0


def make_clip(
    path: Path | str,
    *,
    rate: Fraction,
    timeline: Sequence[tuple[str, int]],
    size: tuple[int, int] = (320, 180),
    style: ClipStyle | None = None,
) -> int:
    """Write a clip and return its number of frames.

    Parameters
    ----------
    path : Path
        The file; its suffix chooses the container.
    rate : Fraction
        Frames per second (with ``vfr``: before stretching).
    timeline : sequence of (label, n_frames)
        What is seen, in order. Equal labels look alike wherever they come.
    size : (width, height)
        Of the upright picture, both even.
    """
    style = style or ClipStyle()
    tick = 1 / (rate * 2) if style.vfr else 1 / rate
    shift = round(style.start_offset_s / tick)
    with av.open(str(path), "w") as container:
        stream = _add_stream(container, style, rate=rate, size=size, tick=tick)
        n_frames = 0
        for n_frames, picture in enumerate(render(timeline, size=size, noise=style.noise), start=1):
            k = n_frames - 1
            frame = VideoFrame.from_ndarray(_stored(picture, style.rotation), format="rgb24")
            frame = frame.reformat(format=style.pix_fmt)
            frame.pts = shift + (2 * k + k // 3 if style.vfr else k)
            frame.time_base = tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return n_frames


def render(
    timeline: Sequence[tuple[str, int]], *, size: tuple[int, int], noise: float = 0.0
) -> Iterator[Picture]:
    """Yield the upright pictures of a timeline, shape (height, width, 3)."""
    width, height = size
    # Few fields, shifted differently each frame: drawing new grain would take most of the time.
    fields = np.random.default_rng(0).normal(0, noise, (8, height, width, 1)).astype(np.int16)
    frame = 0
    for label, n_frames in timeline:
        scene = _Scene(label, size)
        for step in range(n_frames):
            picture = scene.draw(step, frame)
            if noise:
                grain = np.roll(fields[frame % 8], (frame * 7, frame * 13), axis=(0, 1))
                picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
            _write_cells(picture, frame)
            _write_digits(picture, frame)
            yield picture
            frame += 1


def read_frame_number(grey: Picture) -> int | None:
    """Read the frame number from the cells of an upright picture's luma.

    Parameters
    ----------
    grey : array, shape (height, width)
        Any size at which a cell is some pixels wide.

    Returns
    -------
    int or None
        None where the cells are unreadable or fail their check.
    """
    height, width = grey.shape
    strip = max(2, round(height * STRIP_SHARE))
    edges = np.linspace(0, width, N_CELLS + 1)
    rows = grey[height - strip + strip // 4 : height - max(1, strip // 4)].astype(np.float64)
    levels = np.array(
        [
            rows[:, int(low + (high - low) * 0.3) : int(np.ceil(high - (high - low) * 0.3))].mean()
            for low, high in pairwise(edges)
        ]
    )
    white, black = levels[0], levels[1]
    if white - black < 60:
        return None
    bits = levels[2:] > (white + black) / 2
    value = int(sum(1 << i for i, bit in enumerate(bits[:NUMBER_BITS]) if bit))
    check = int(sum(1 << i for i, bit in enumerate(bits[NUMBER_BITS:]) if bit))
    return value if check == _check(value) else None


class _Scene:
    """A label's look: colours, stripes that drift, a disc that circles.

    Large pictures are drawn coarsely and their dots doubled, which is many times faster.
    """

    def __init__(self, label: str, size: tuple[int, int]) -> None:
        self.width, self.height = size
        self.dot = max(1, self.width // 320)
        seed = int.from_bytes(hashlib.sha256(label.encode()).digest()[:8])
        generator = np.random.default_rng(seed)
        self.ground = generator.integers(40, 200, 3)
        self.stripe = np.clip(self.ground + generator.choice([-45, 45], 3), 16, 235)
        self.disc = (255 - self.ground).astype(np.uint8)
        self.colors = np.stack([self.ground, self.stripe]).astype(np.uint8)
        angle = generator.uniform(0, np.pi)
        self.drift = generator.uniform(-3, 3) / self.dot
        self.period = generator.uniform(20, 60) * self.width / 320 / self.dot
        self.speed = generator.uniform(0.02, 0.15)
        rows, columns = -(-self.height // self.dot), -(-self.width // self.dot)
        self.y, self.x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        self.along = self.x * np.float32(np.cos(angle)) + self.y * np.float32(np.sin(angle))

    def draw(self, step: int, frame: int) -> Picture:
        """Draw one frame: ``step`` counts within the segment, ``frame`` over the clip."""
        phase = np.mod(self.along + np.float32(self.drift * step), np.float32(self.period))
        picture: Picture = self.colors[(phase < self.period / 2).astype(np.intp)]
        rows, columns = self.x.shape
        x = columns * (0.5 + 0.35 * np.cos(self.speed * frame))
        y = rows * (0.45 + 0.25 * np.sin(1.7 * self.speed * frame))
        picture[(self.x - x) ** 2 + (self.y - y) ** 2 < (rows / 8) ** 2] = self.disc
        if self.dot == 1:
            return picture
        large = picture.repeat(self.dot, axis=0).repeat(self.dot, axis=1)
        return np.ascontiguousarray(large[: self.height, : self.width])


def _add_stream(
    container: av.container.OutputContainer,
    style: ClipStyle,
    *,
    rate: Fraction,
    size: tuple[int, int],
    tick: Fraction,
) -> VideoStream:
    stream = container.add_stream(style.codec, rate=rate)
    if not isinstance(stream, VideoStream):
        raise TypeError(f"{style.codec} is no video encoder")
    stream.width, stream.height = size if style.rotation % 180 == 0 else size[::-1]
    stream.pix_fmt = style.pix_fmt
    context = stream.codec_context
    context.time_base = tick
    context.gop_size, context.max_b_frames = style.gop, style.b_frames
    context.thread_count = 2
    context.sample_aspect_ratio = style.sar
    if style.codec == "libx264":
        context.options = {"preset": "veryfast", "crf": "20", "bf": str(style.b_frames)}
    if style.rotation:
        stream.set_display_rotation(style.rotation)
    return stream


def _stored(picture: Picture, rotation: int) -> Picture:
    """Turn an upright picture into the raster that the display matrix makes upright again."""
    return np.ascontiguousarray(np.rot90(picture, k=-rotation // 90 % 4))


def _check(value: int) -> int:
    """Return a checksum of a frame number: its hexadecimal digits, weighted, modulo 16."""
    return sum((i + 1) * (value >> 4 * i & 15) for i in range(NUMBER_BITS // 4)) % 16


def _write_cells(picture: Picture, frame: int) -> None:
    height, width, _ = picture.shape
    strip = max(2, round(height * STRIP_SHARE))
    word = frame | _check(frame) << NUMBER_BITS
    cells = [True, False, *(bool(word >> i & 1) for i in range(NUMBER_BITS + CHECK_BITS))]
    edges = np.linspace(0, width, N_CELLS + 1).round().astype(int)
    for bit, low, high in zip(cells, edges, edges[1:], strict=False):
        picture[height - strip :, low:high] = 235 if bit else 16


def _write_digits(picture: Picture, frame: int) -> None:
    height, _, _ = picture.shape
    dot = max(1, height // 45)
    for place, digit in enumerate(f"{frame:05d}"):
        rows = [[int(row) >> (2 - x) & 1 for x in range(3)] for row in DIGITS[int(digit)]]
        glyph = np.kron(np.array(rows, dtype=np.uint8), np.ones((dot, dot), dtype=np.uint8))
        top, left = 2 * dot, (2 + 4 * place) * dot
        area = picture[top : top + 5 * dot, left : left + 3 * dot]
        visible = glyph[: area.shape[0], : area.shape[1], None]
        area[...] = np.where(visible, 235, 16)
