"""Why a media file is refused: stable codes, and PyAV's many errors turned into them.

Conventions
-----------
A refusal is final for the bytes at hand: the same file gives the same code on any machine.
Codes: ``file_missing`` (a folder or pipe, too), ``file_unreadable`` (the system gives no bytes),
``empty_file``, ``not_video`` (text, a still image, a format we do not open), ``unreadable`` (a
video format, but the demuxer gives up), ``no_video_stream`` (or not so many), ``no_frames``,
``corrupt`` (less decodes than the container promises, or a packet cannot be decoded),
``too_large``; from the isolated process also ``decode_crashed`` and
``decode_timeout``. ``proxy_unsound`` means that our own proxy failed its proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import av

from services.domain.errors import MediaError

# What PyAV raises on hostile bytes besides its own errors: headers that are no UTF-8, sizes that
# overflow, rationals with a zero denominator, codecs that do not exist.
ODD_ERRORS: tuple[type[Exception], ...] = (
    av.FFmpegError,
    ValueError,
    ArithmeticError,
    LookupError,
    RuntimeError,
)


# No memory, or none for one more thread: the machine's limit and not a fault in the file. The
# isolated process, whose limit is known, makes a refusal of it.
EXHAUSTED: tuple[type[Exception], ...] = (MemoryError, BlockingIOError)


class MediaRefusedError(MediaError):
    """A file that can never be labelled exactly.

    Parameters
    ----------
    detail : str
        A sentence for the person who sent the file.
    code : str
        One of the module's codes.
    facts : mapping, optional
        What was learnt before the refusal (JSON values), for the clip's record.
    """

    def __init__(self, detail: str, *, code: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail, code=code)
        self.facts = dict(facts or {})


@contextmanager
def refusing(code: str, what: str, **facts: object) -> Iterator[None]:
    """Turn any error of the media library inside the block into a refusal.

    Parameters
    ----------
    code : str
        The refusal's code.
    what : str
        The start of the sentence; the library's own reason follows in brackets.
    """
    try:
        yield
    except EXHAUSTED:
        raise
    except MediaError:
        raise
    except ODD_ERRORS as error:
        raise MediaRefusedError(f"{what} ({reason_of(error)}).", code=code, facts=facts) from error


def reason_of(error: BaseException) -> str:
    """Return the library's reason without the file's path, which may name people or machines."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{type(error).__name__}: {text}"[:200]
