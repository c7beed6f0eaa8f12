"""Small clips for every suite: sound ones with readable frame numbers, and damaged ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from models.synthetic import ClipStyle, make_clip, read_frame_number, render

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TIMELINE = (("reach", 30), ("pour", 25), ("rest", 20))
N_FRAMES = sum(n for _, n in TIMELINE)
RATE = Fraction(25)


def clip(folder: Path, name: str = "clip.mp4", *, rate: Fraction = RATE, **style) -> Path:
    """Make a clip of 75 frames; ``style`` are the fields of ClipStyle."""
    path = folder / name
    make_clip(path, rate=rate, timeline=TIMELINE, style=ClipStyle(**style))
    return path


def numbers_in(path: Path) -> list[int | None]:
    """Read the frame number off every frame that a video shows."""
    with av.open(str(path)) as container:
        return [
            read_frame_number(frame.to_ndarray(format="gray"))
            for frame in container.decode(video=0)
        ]


def cut_off(path: Path, share: float) -> Path:
    """Keep only the first part of a file, as a broken upload does."""
    data = path.read_bytes()
    short = path.with_name(f"cut-{path.name}")
    short.write_bytes(data[: int(len(data) * share)])
    return short


def faststart(folder: Path, name: str = "fast.mp4") -> Path:
    """Make a clip whose index is in front, so that a cut-off one still opens."""
    plain, path = clip(folder, "plain.mp4"), folder / name
    with (
        av.open(str(plain)) as source,
        av.open(str(path), "w", options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return path


def scrambled(path: Path, *, at: float = 0.5, n_bytes: int = 1500) -> Path:
    """Overwrite some bytes in the middle, as a bad disk does."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * at)
    noise = np.random.default_rng(1).integers(0, 256, n_bytes, dtype=np.uint8).tobytes()
    data[start : start + n_bytes] = noise
    damaged = path.with_name(f"scrambled-{path.name}")
    damaged.write_bytes(bytes(data))
    return damaged


def hide_first_frames(path: Path, n_hidden: int, *, rate: Fraction = RATE) -> Path:
    """Make an MP4's edit list start at a later frame; the frames before stay in the file."""
    data = bytearray(path.read_bytes())
    (track_scale,) = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)
    (movie_scale,) = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)
    entry = data.index(b"elst") + 12
    shown, media_time = struct.unpack_from(">Ii", data, entry)
    shown -= int(n_hidden * movie_scale / rate)
    media_time += int(n_hidden * track_scale / rate)
    struct.pack_into(">Ii", data, entry, shown, media_time)
    edited = path.with_name(f"edited-{path.name}")
    edited.write_bytes(bytes(data))
    return edited


def looped(path: Path, times: int, *, n_frames: int, rate: Fraction) -> Path:
    """Repeat a clip's packets, each time later by its length: a long recording, soon made."""
    longer = path.with_name(f"looped-{path.name}")
    with av.open(str(longer), "w", options={"movflags": "faststart"}) as out:
        stream = None
        for turn in range(times):
            with av.open(str(path)) as source:
                video = source.streams.video[0]
                stream = stream or out.add_stream_from_template(video)
                later = round(turn * n_frames / (rate * video.time_base))
                for packet in source.demux(video):
                    if packet.size:
                        packet.pts, packet.dts = packet.pts + later, packet.dts + later
                        packet.stream = stream
                        out.mux(packet)
    return longer


def raw_h264(path: Path, sizes: Sequence[tuple[int, int]], n_frames: int = 12) -> Path:
    """Write a bare H.264 stream (no timestamps), one stretch of frames a size."""
    with path.open("wb") as file:
        for width, height in sizes:
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
            encoder.options = {"tune": "zerolatency", "preset": "ultrafast"}
            for k, picture in enumerate(render([("reach", n_frames)], size=(width, height))):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                    format="yuv420p"
                )
                frame.pts = k
                for packet in encoder.encode(frame):
                    file.write(bytes(packet))
            for packet in encoder.encode(None):
                file.write(bytes(packet))
    return path


def png(path: Path, size: int = 32) -> Path:
    """Write a real PNG under any name."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes(size) for _ in range(size)))
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


def tone(path: Path) -> Path:
    """Write a second of audio and nothing else."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        stream.codec_context.layout = "mono"
        wave = np.zeros((1, 1024), dtype=np.float32)
        for k in range(16):
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, k * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
