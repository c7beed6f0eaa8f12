"""A stand-in for the tracker's file endpoint: signed links, Range, nothing else."""

from __future__ import annotations

import io
import mimetypes
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import av
import cv2
import numpy as np

from services.domain.clip_picture import clip_svg
from services.domain.errors import NotFoundError
from services.domain.hints import FrameRange, HintRules, Hints, Strip
from services.domain.links import FILES_PREFIX, verify_file_path

CLIP_KEY = "proxies/ab/a clip.mp4"
CLIP_FPS = 25
CLIP_FRAMES = 50
STRIP_KEY = "strips/ab/strip.svg"
CLIP_HINTS = Hints(
    n_frames=CLIP_FRAMES,
    shots=(20,),
    black=(FrameRange(onset=0, offset=5),),
    frozen=(FrameRange(onset=40, offset=50),),
    strip=Strip(frames=tuple(range(0, CLIP_FRAMES, 5)), columns=10, cell_width=96, cell_height=72),
    rules=HintRules(),
)


def grey_clip() -> bytes:
    """Return two seconds of H.264 that any browser plays, every frame of another grey."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=CLIP_FPS)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(CLIP_FRAMES):
            picture = np.full((240, 320, 3), number * 5, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return target.getvalue()


def clip_strip() -> bytes:
    """Return the clip at a glance: ten greys, a shot, a black and a frozen stretch."""
    greys = np.repeat(np.array(CLIP_HINTS.strip.frames, dtype=np.uint8) * 5, 96)
    sheet = np.broadcast_to(greys[None, :, None], (72, 960, 3)).copy()
    written, jpeg = cv2.imencode(".jpg", sheet)
    assert written
    return clip_svg(CLIP_HINTS, jpeg.tobytes()).encode()


class FileServer(ThreadingHTTPServer):
    """Serves bytes by key; the links key is told when Label Studio has one."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.secret = ""
        self.n_served = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        key, query = unquote(parts.path.removeprefix(FILES_PREFIX)), parse_qs(parts.query)
        try:
            verify_file_path(
                key,
                expires=query.get("expires", [""])[0],
                signature=query.get("signature", [""])[0],
                now=int(time.time()),
                secret=self.server.secret,
            )
        except NotFoundError:
            self._answer(404, b"", {})
            return
        whole = self.server.files[key]
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None:
            self._answer(200, whole, {})
            return
        first, last = int(wanted[1]), min(int(wanted[2] or len(whole) - 1), len(whole) - 1)
        self.server.n_served += 1
        span = {"Content-Range": f"bytes {first}-{last}/{len(whole)}"}
        self._answer(206, whole[first : last + 1], span)

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        common = {
            "Content-Type": mimetypes.guess_type(urlsplit(self.path).path)[0] or "",
            "Content-Length": str(len(body)),
            "Accept-Ranges": "bytes",
            "Access-Control-Allow-Origin": "*",
        }
        for name, value in {**common, **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing; the tests look at the counter."""


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[FileServer]:
    """Serve files on a free loopback port until the block ends."""
    server = FileServer(files)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
