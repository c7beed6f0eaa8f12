"""Views of one event: numbered pictures, each with the sound that its microphone heard."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from models.synthetic import ClipStyle, make_clip, read_frame_number
from services.domain.multiview.layout import Layout
from services.domain.multiview.sound_features import SOUND_HZ
from tests.videos import RATE

AUDIO_HZ = 48_000


def view(
    path: Path,
    *,
    n_frames: int,
    rate: Fraction = RATE,
    sound: NDArray[np.float32] | None = None,
    timecode: str | None = None,
    size: tuple[int, int] = (320, 180),
    **style: object,
) -> Path:
    """Make a clip with sound (mono at SOUND_HZ) or a timecode track."""
    silent = path if sound is None and timecode is None else path.with_name(f"silent-{path.name}")
    make_clip(
        silent, rate=rate, timeline=[("reach", n_frames)], size=size, style=ClipStyle(**style)
    )
    if silent != path:
        _join(silent, path, sound, timecode)
        silent.unlink()
    return path


def _join(
    silent: Path, path: Path, sound: NDArray[np.float32] | None, timecode: str | None
) -> None:
    with av.open(str(silent)) as source, av.open(str(path), "w") as out:
        video = source.streams.video[0]
        picture = out.add_stream_from_template(video)
        if timecode is not None:
            picture.metadata["timecode"] = timecode
        begins: Fraction | None = None
        audio = None
        if sound is not None:
            audio = out.add_stream("aac", rate=AUDIO_HZ)
            audio.codec_context.layout = "mono"
        for packet in source.demux(video):
            if packet.size:
                if begins is None:
                    begins = packet.pts * packet.time_base
                packet.stream = picture
                out.mux(packet)
        if audio is None or sound is None or begins is None:
            return
        times = np.arange(len(sound) * AUDIO_HZ // SOUND_HZ) / AUDIO_HZ * SOUND_HZ
        wave = np.interp(times, np.arange(len(sound)), sound).astype(np.float32)
        for begin in range(0, len(wave) - 1023, 1024):
            frame = av.AudioFrame.from_ndarray(
                wave[None, begin : begin + 1024], format="fltp", layout="mono"
            )
            frame.sample_rate = AUDIO_HZ
            frame.pts = begin + round(begins * AUDIO_HZ)
            frame.time_base = Fraction(1, AUDIO_HZ)
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))


def numbers_of(path: Path, layout: Layout) -> list[list[int | None]]:
    """Read the number off every tile of every picture; None where there is none."""
    found = []
    with av.open(str(path)) as opened:
        for frame in opened.decode(video=0):
            grey = frame.to_ndarray(format="gray")
            found.append(
                [
                    read_frame_number(
                        grey[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
                    )
                    for tile in layout.tiles
                ]
            )
    return found
