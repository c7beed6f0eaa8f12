"""One event as several microphones hear it: each with its own room, noise, gain and clock."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from services.domain.multiview.sound_features import SOUND_HZ

Sound = NDArray[np.float64]
_FINER = 8


def event(seconds: float, rng: np.random.Generator) -> Sound:
    """Make something like speech: voiced and noisy syllables at irregular times."""
    n = int(seconds * SOUND_HZ)
    sound = np.zeros(n)
    at_s = 0.0
    while (at_s := at_s + rng.exponential(0.35)) < seconds:
        begin = int(at_s * SOUND_HZ)
        length = min(int(rng.uniform(0.05, 0.4) * SOUND_HZ), n - begin)
        t = np.arange(length) / SOUND_HZ
        pitch = rng.uniform(90, 300)
        if rng.random() < 0.6:
            phases = rng.uniform(0, 6, 11)
            tones = [
                np.sin(2 * np.pi * pitch * k * t * (1 + 0.05 * t) + phases[k - 1]) / k
                for k in range(1, 12)
            ]
            syllable = np.sum(tones, axis=0)
        else:
            syllable = rng.standard_normal(length)
        sound[begin : begin + length] += np.sqrt(np.hanning(length)) * syllable
    return sound / np.abs(sound).max() / 2


def heard(
    sound: Sound,
    rng: np.random.Generator,
    *,
    snr_db: float = 20,
    rt60_s: float = 0.4,
    gain: float = 1.0,
) -> NDArray[np.float32]:
    """Return a sound in a room of its own echo, with coloured noise of its own."""
    n = int(rt60_s * SOUND_HZ)
    echo = 0.05 * rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    echo[0] = 1
    wet = signal.fftconvolve(sound, echo)[: len(sound)]
    noise = signal.lfilter([1], [1, -0.7], rng.standard_normal(len(wet)))
    noise *= np.sqrt(np.mean(wet**2)) / noise.std() * 10 ** (-snr_db / 20)
    return (gain * (wet + noise)).astype(np.float32)


def later(sound: Sound, offset_s: float, *, seconds: float, drift_ppm: float = 0) -> Sound:
    """Return what a recorder writes that begins ``offset_s`` later and whose clock runs fast."""
    t = offset_s + np.arange(int(seconds * SOUND_HZ)) / SOUND_HZ / (1 + drift_ppm * 1e-6)
    finer = signal.resample_poly(sound, _FINER, 1)
    return np.interp(t * SOUND_HZ * _FINER, np.arange(len(finer)), finer, left=0, right=0)


def pair(
    seconds: float,
    offset_s: float,
    *,
    seed: int,
    drift_ppm: float = 0,
    snr_db: float = 20,
    rt60_s: float = 0.4,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return two recordings of one event, both ``seconds`` long, the second that much later."""
    rng = np.random.default_rng(seed)
    before_s = max(0.0, -offset_s) + 1
    whole = event(before_s + seconds + max(0.0, offset_s) + 1, rng)
    first = later(whole, before_s, seconds=seconds)
    second = later(whole, before_s + offset_s, seconds=seconds, drift_ppm=drift_ppm)
    return (
        heard(first, rng, snr_db=snr_db, rt60_s=rt60_s),
        heard(second, rng, snr_db=snr_db, rt60_s=rt60_s, gain=0.3),
    )
