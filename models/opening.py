"""Opening a media file without trusting it, and finding the video stream that is meant.

The reader opens only containers on its own list and only local files, because a playlist named
``.mp4`` could otherwise make the machine fetch addresses. The file's name is never looked at.
"""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from models.refusal import EXHAUSTED, ODD_ERRORS, MediaRefusedError, reason_of, refusing
from services.domain.media_limits import MediaLimits, StreamChoice

# Containers that hold video with its own clock. Not here: playlists (hls, dash, concat), which
# point elsewhere; still images; text "video" (tty), as which lavf opens almost any text.
CONTAINERS = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "mpeg", "flv",
    "live_flv", "asf", "ogg", "mxf", "nut", "ivf", "wtv", "dv", "gif", "h264", "hevc", "m4v",
    "mpegvideo", "vc1", "rm", "amv", "swf", "y4m", "yuv4mpegpipe",
)  # fmt: skip
# Of those the ones whose header states counts or durations when it is written last, so that a file
# cut off later still promises the whole. The others measure their duration from what is there.
KEEPS_WORD = {"mov", "matroska", "avi", "flv", "asf"}
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip", b"moof", b"styp")
# Matroska, FLV, Ogg, MPEG program stream, ASF.
VIDEO_STARTS = (
    b"\x1a\x45\xdf\xa3", b"FLV\x01", b"OggS", b"\x00\x00\x01\xba",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
)  # fmt: skip


def open_media(path: Path, limits: MediaLimits) -> InputContainer:
    """Open a local file as one of the containers that hold video.

    Raises
    ------
    MediaRefusedError
        If it is none, or too large, or cannot be read at all.
    """
    head = check_file(path, limits)
    options = {
        "format_whitelist": ",".join(CONTAINERS),
        "protocol_whitelist": "file",
    }
    try:
        # "replace": a header that is no UTF-8 would otherwise raise from inside PyAV.
        return av.open(f"file:{path.resolve()}", options=options, metadata_errors="replace")
    except EXHAUSTED:
        raise
    except ODD_ERRORS as error:
        code = "unreadable" if _looks_like_video(head) else "not_video"
        what = (
            "It begins like a video file but cannot be opened"
            if code == "unreadable"
            else "The content is no video that can be opened, whatever the file's name says"
        )
        raise MediaRefusedError(f"{what} ({reason_of(error)}).", code=code) from error


def too_large(detail: str) -> MediaRefusedError:
    """Return the refusal of what is above a limit."""
    return MediaRefusedError(f"The file is too large. {detail}", code="too_large")


def check_pixels(width: int, height: int, limits: MediaLimits) -> None:
    """Refuse a picture above the limit."""
    if width * height > limits.max_pixels:
        raise too_large(f"Its frames of {width}x{height} are above {limits.max_pixels} pixels.")


def choose_video(container: InputContainer, choice: StreamChoice) -> tuple[VideoStream, int]:
    """Return the video stream that is meant, and how many there are; covers do not count.

    Raises
    ------
    MediaRefusedError
        If there is none, or not the one that is meant, or its codec is not known.
    """
    with refusing("unreadable", "The file's streams cannot be read"):
        real = [
            stream
            for stream in container.streams.video
            if not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
        ]
        kinds = sorted({stream.type for stream in container.streams})
    if not real:
        held = ", ".join(kinds) or "nothing"
        raise MediaRefusedError(
            f"The file holds no video stream, only: {held}.", code="no_video_stream"
        )
    if isinstance(choice, int) and choice >= len(real):
        raise MediaRefusedError(
            f"Video stream {choice} is asked for; the file has {len(real)}, counted from 0.",
            code="no_video_stream",
        )
    known = [stream for stream in real if stream.codec_context is not None]
    if choice == "largest" and known:
        chosen = max(known, key=lambda stream: stream.width * stream.height)
    else:
        chosen = real[choice if isinstance(choice, int) else 0]
    if chosen.codec_context is None:
        raise MediaRefusedError("The video's codec is not known.", code="unreadable")
    return chosen, len(real)


def check_file(path: Path, limits: MediaLimits) -> bytes:
    """Return the first bytes of a plain file that is neither empty nor too large.

    Raises
    ------
    MediaRefusedError
        If it is none.
    """
    try:
        if not path.is_file():
            what = f"{path.name!r} is no plain file" if path.exists() else None
            raise MediaRefusedError(
                f"{what or f'There is no file {path.name!r}'}.", code="file_missing"
            )
        n_bytes = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise MediaRefusedError(
            f"The file cannot be read ({error.strerror}).", code="file_unreadable"
        ) from error
    if n_bytes == 0:
        raise MediaRefusedError("The file is empty (0 bytes).", code="empty_file")
    if limits.max_bytes is not None and n_bytes > limits.max_bytes:
        raise too_large(f"It has {n_bytes} bytes; the limit is {limits.max_bytes}.")
    return head


def _looks_like_video(head: bytes) -> bool:
    """Say whether the first bytes are those of a video container."""
    is_avi = head.startswith(b"RIFF") and head[8:12] == b"AVI "
    return is_avi or head.startswith(VIDEO_STARTS) or head[4:8] in MP4_BOXES
