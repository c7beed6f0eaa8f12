from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from models.refusal import MediaRefusedError
from models.sound import read_sound, write_sound
from services.domain.multiview.sound_features import SOUND_HZ
from tests.models.multiview.views import view

CLICK = 0.5


def clicks(seconds: int) -> np.ndarray:
    """Return a sound that clicks at every full second and a half."""
    sound = np.zeros(seconds * SOUND_HZ, dtype=np.float32)
    for second in range(seconds):
        at = int((second + CLICK) * SOUND_HZ)
        sound[at : at + 8] = 0.8
    return sound


def clicks_in(path: Path, out: Path, first_frame_s: Fraction = Fraction(0)) -> list[float]:
    with av.open(str(path)) as container:
        n_samples = write_sound(container, out, first_frame_s=first_frame_s)
    found = np.abs(read_sound(out)[:])
    assert len(found) == n_samples
    loud = np.flatnonzero(found > 5000) / SOUND_HZ
    return [float(at) for at, before in zip(loud, [-1.0, *loud], strict=False) if at - before > 0.1]


def test_sound_lies_beside_the_picture(tmp_path: Path) -> None:
    path = view(tmp_path / "a.mp4", n_frames=75, sound=clicks(3))
    assert clicks_in(path, tmp_path / "s") == pytest.approx([0.5, 1.5, 2.5], abs=0.001)


def test_sample_0_is_at_the_first_frame(tmp_path: Path) -> None:
    path = view(tmp_path / "a.mkv", n_frames=75, sound=clicks(3), start_offset_s=Fraction(2))
    assert clicks_in(path, tmp_path / "s", Fraction(2)) == pytest.approx([0.5, 1.5, 2.5], abs=0.002)
    # Sound from before the first frame is left out; where none is yet, it is silent.
    assert clicks_in(path, tmp_path / "s", Fraction(3)) == pytest.approx([0.5, 1.5], abs=0.002)
    assert clicks_in(path, tmp_path / "s", Fraction(1))[0] == pytest.approx(1.5, abs=0.002)


def test_a_gap_in_the_sound_is_silence(tmp_path: Path) -> None:
    path = view(tmp_path / "a.mkv", n_frames=100, sound=clicks(4))
    gapped = tmp_path / "gapped.mkv"
    with av.open(str(path)) as source, av.open(str(gapped), "w") as out:
        streams = {stream: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            at_s = (packet.pts or 0) * packet.time_base
            is_gap = packet.stream.type == "audio" and Fraction(6, 5) < at_s < Fraction(9, 5)
            if packet.size and not is_gap:
                packet.stream = streams[packet.stream]
                out.mux(packet)
    assert clicks_in(gapped, tmp_path / "s") == pytest.approx([0.5, 2.5, 3.5], abs=0.002)


def test_a_file_without_sound_says_so(tmp_path: Path) -> None:
    path = view(tmp_path / "a.mp4", n_frames=5)
    with av.open(str(path)) as container, pytest.raises(MediaRefusedError) as refusal:
        write_sound(container, tmp_path / "s", first_frame_s=Fraction(0))
    assert refusal.value.code == "no_sound"
