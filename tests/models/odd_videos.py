"""Sound clips of odd kinds, and hostile files made by hand."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from models.synthetic import render
from tests.videos import RATE, clip, faststart

TICK = 1 / RATE


def interlaced(path: Path, *, order: str = "tff", n_frames: int = 20) -> Path:
    """Write frames of two instants each: fields of pictures 2k and 2k + 1, as a camera does."""
    first = 0 if order == "tff" else 1
    pictures = list(render([("reach", 2 * n_frames)], size=(320, 180)))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.options = {"x264-params": f"{order}=1", "crf": "12"}
        for k in range(n_frames):
            woven = pictures[2 * k + 1].copy()
            woven[first::2] = pictures[2 * k][first::2]
            # The strip of cells is the earlier picture's, so that it can be read at all.
            woven[150:] = pictures[2 * k][150:]
            frame = av.VideoFrame.from_ndarray(woven, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = k, TICK
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def high_range(path: Path, *, transfer: int = 16, n_frames: int = 6) -> Path:
    """Write a ten-bit clip that says its levels are PQ (16) or HLG (18) of BT.2020."""
    levels = np.linspace(64, 940, 320).astype(np.uint16)
    luma = np.broadcast_to(levels, (180, 320))
    chroma = np.full((90, 160), 512, dtype=np.uint16)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, transfer, 9
        for k in range(n_frames):
            frame = av.VideoFrame(320, 180, "yuv420p10le")
            for plane, values in zip(frame.planes, (luma, chroma, chroma), strict=True):
                rows = np.zeros((plane.height, plane.line_size // 2), dtype=np.uint16)
                rows[:, : values.shape[1]] = values
                plane.update(rows.tobytes())
            frame.pts, frame.time_base = k, TICK
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def two_streams(path: Path, widths: tuple[int, ...] = (64, 128)) -> Path:
    """Write several video streams of five frames, 64 lines high."""
    with av.open(str(path), "w") as out:
        streams = []
        for width in widths:
            stream = out.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
            streams.append(stream)
        for stream in streams:
            for k in range(5):
                frame = av.VideoFrame(stream.width, 64, "yuv420p")
                frame.pts = k
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    return path


def patched(path: Path, edit: Callable[[bytearray], None]) -> Path:
    """Change bytes of a file in place."""
    data = bytearray(path.read_bytes())
    edit(data)
    path.write_bytes(bytes(data))
    return path


def huge_sample_size(data: bytearray) -> None:
    """Let an MP4's first frame claim two gigabytes."""
    at = data.index(b"stsz") + 16
    struct.pack_into(">I", data, at, 0x7FFF_FFFF)


def huge_frame_count(data: bytearray) -> None:
    """Let an MP4 promise four thousand million frames of the longest step."""
    at = data.index(b"stts") + 12
    struct.pack_into(">II", data, at, 0xFFFF_FFFE, 0x7FFF_FFFF)


def endless(data: bytearray) -> None:
    """Let an MP4 say that it lasts for years."""
    struct.pack_into(">I", data, data.index(b"mvhd") + 20, 0xFFFF_FFF0)
    struct.pack_into(">I", data, data.index(b"mdhd") + 20, 0xFFFF_FFF0)


def huge_picture(data: bytearray) -> None:
    """Let an MP4's sample entry say 65,535 x 65,535."""
    at = data.index(b"avc1", data.index(b"stsd"))
    struct.pack_into(">HH", data, at + 28, 0xFFFF, 0xFFFF)


def still_in_mov(path: Path, side: int, *, stated: int = 32) -> Path:
    """Write a QuickTime file of one PNG picture that is larger than its header says."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 + 3 * side)) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", packed), chunk(b"IEND", b""))
    picture = b"\x89PNG\r\n\x1a\n" + b"".join(parts)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("png", rate=25)
        stream.width = stream.height = stated
        stream.pix_fmt = "rgb24"
        out.start_encoding()
        packet = av.Packet(picture)
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        packet.time_base, packet.is_keyframe = Fraction(1, 25), True
        out.mux(packet)
    return path


def gif_bomb(path: Path, side: int, n_frames: int) -> Path:
    """Write an animation of a vast screen, each frame of which is one dot and 27 bytes."""
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    wait = b"\x21\xf9\x04\x04\x04\x00\x00\x00"
    dot = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    path.write_bytes(head + (wait + dot) * n_frames + b"\x3b")
    return path


def with_edits(path: Path, edits: Sequence[tuple[int | None, int]]) -> Path:
    """Give an MP4 another edit list: (first frame, frames), None for a wait; its index is last."""
    data = bytearray(path.read_bytes())
    (track_scale,) = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)
    (movie_scale,) = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)
    entries = data.index(b"elst") + 8
    n_before, _, origin = struct.unpack_from(">IIi", data, entries)
    body = b"".join(
        struct.pack(
            ">IiI",
            int(n_frames * movie_scale / RATE),
            -1 if first is None else origin + int(first * track_scale / RATE),
            0x10000,
        )
        for first, n_frames in edits
    )
    data[entries : entries + 4 + 12 * n_before] = struct.pack(">I", len(edits)) + body
    for box in (b"elst", b"edts", b"trak", b"moov"):
        at = data.index(box) - 4
        (size,) = struct.unpack_from(">I", data, at)
        struct.pack_into(">I", data, at, size + len(body) - 12 * n_before)
    path.write_bytes(bytes(data))
    return path


def fast_clip(folder: Path, edit: Callable[[bytearray], None]) -> Path:
    """Make a clip whose index is in front, with some of its bytes changed."""
    return patched(faststart(folder), edit)


def fuzzed(folder: Path, name: str, seed: int) -> Path:
    """Make a clip and overwrite, cut, repeat or drop pieces of it, as the seed says."""
    codec = {"a.avi": "mpeg4", "a.webm": "libvpx-vp9"}.get(name, "libx264")
    source = clip(folder, name, codec=codec)
    data = bytearray(source.read_bytes())
    random = np.random.default_rng(seed)
    for _ in range(int(random.integers(1, 4))):
        at, size = int(random.integers(len(data))), int(2 ** random.integers(0, 12))
        match int(random.integers(4)):
            case 0:
                data[at : at + size] = random.bytes(min(size, len(data) - at))
            case 1:
                data[at] ^= 1 << int(random.integers(8))
            case 2:
                data[at:at] = data[max(0, at - size) : at]
            case _:
                del data[at : at + size // 8]
    path = folder / f"fuzzed-{seed}-{name}"
    path.write_bytes(bytes(data))
    return path
