"""A file's sound as plain samples beside its picture: mono, at a low rate, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

from models.refusal import MediaRefusedError, refusing
from services.domain.multiview.sound_features import SOUND_HZ

SAMPLE = np.dtype("<i2")
_SAME_S = Fraction(1, 50)
"""A container's rounding may move a frame of sound so far; what is more is a gap."""


def write_sound(container: InputContainer, out: Path, *, first_frame_s: Fraction) -> int:
    """Write the first audio stream as 16-bit samples at SOUND_HZ; return how many.

    Sample 0 is at the moment of the first shown frame; gaps are silence.

    Parameters
    ----------
    container : InputContainer
        Just opened.
    out : Path
        The file to write.
    first_frame_s : Fraction
        Presentation time of the first shown frame, on the container's clock.

    Raises
    ------
    MediaRefusedError
        If there is no sound (``no_sound``), or it cannot be decoded (``corrupt``).
    """
    if not container.streams.audio:
        raise MediaRefusedError("The file has no sound.", code="no_sound")
    end = 0
    with out.open("wb") as file:
        for place, samples in _placed(container, first_frame_s):
            end = max(end, _put(file, place, samples))
    if not end:
        raise MediaRefusedError("The file has no sound.", code="no_sound")
    return end


def read_sound(path: Path) -> NDArray[np.int16]:
    """Return what :func:`write_sound` wrote, without reading it into memory."""
    return np.memmap(path, dtype=SAMPLE, mode="r")


def _put(file: BinaryIO, place: int, samples: NDArray[np.int16]) -> int:
    """Write samples where they belong and return where they end; before the first frame: none."""
    if place < 0:
        samples, place = samples[-place:], 0
    if not len(samples):
        return 0
    file.seek(place * SAMPLE.itemsize)
    file.write(samples.astype(SAMPLE).tobytes())
    return place + len(samples)


def _placed(
    container: InputContainer, first_frame_s: Fraction
) -> Iterator[tuple[int, NDArray[np.int16]]]:
    """Yield resampled sound with the number of its first sample."""
    resampler: AudioResampler | None = None
    place, expected_s = 0, Fraction(0)
    for frame in _frames(container):
        begins_s = _begins_s(frame, expected_s)
        if resampler is None or abs(begins_s - expected_s) > _SAME_S:
            if resampler is not None:
                for samples in _resampled(resampler, None):
                    yield place, samples
            resampler = AudioResampler(format="s16", layout="mono", rate=SOUND_HZ)
            place = round((begins_s - first_frame_s) * SOUND_HZ)
            expected_s = begins_s
        expected_s += Fraction(frame.samples, frame.sample_rate)
        for samples in _resampled(resampler, frame):
            yield place, samples
            place += len(samples)
    if resampler is not None:
        for samples in _resampled(resampler, None):
            yield place, samples
            place += len(samples)


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    with refusing("corrupt", "Decoding the sound failed"):
        for frame in container.decode(container.streams.audio[0]):
            if frame.samples:
                yield frame


def _begins_s(frame: AudioFrame, expected_s: Fraction) -> Fraction:
    if frame.pts is None or frame.time_base is None:
        return expected_s
    return frame.pts * frame.time_base


def _resampled(resampler: AudioResampler, frame: AudioFrame | None) -> list[NDArray[np.int16]]:
    with refusing("corrupt", "The sound cannot be resampled"):
        return [part.to_ndarray()[0] for part in resampler.resample(frame)]
