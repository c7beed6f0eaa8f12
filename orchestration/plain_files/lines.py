"""Read a JSON Lines file one line at a time, and say exactly which line is not one.

Conventions
-----------
UTF-8, with or without a byte order mark; LF or CRLF; blank lines are skipped but counted.
Numbers with a point stay decimal, because 23.976 and 24.024024 mean what is written.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from services.domain.errors import InputError, StorageError

STDIN: Final = Path("-")
MAX_LINE_BYTES: Final = 1 << 28
"""A line is held in memory whole; longer than this it is no opinion on a clip."""

_LONGEST_NUMBER: Final = 40
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SHAPE: Final = "Each line must be one whole JSON object, such as " + (
    '{"item": "clip", "annotator": "ana", "segments": [...]}'
)


def name_of(path: Path) -> str:
    """Name the file to a person."""
    return "standard input" if path == STDIN else str(path)


def at_line(path: Path, number: int, fault: InputError) -> InputError:
    """Return the fault with its place in front."""
    return InputError(f"{name_of(path)}, line {number}: {fault.detail}", code="bad_line")


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object); ``-`` reads standard input.

    Raises
    ------
    InputError
        With the number of the first line that is not a JSON object.
    StorageError
        If the file cannot be read.
    """
    n_bytes = 0
    try:
        with _opened(path) as file:
            for number, raw in _numbered(path, file):
                n_bytes += len(raw)
                if raw.strip():
                    yield number, _object(path, number, raw)
    except OSError as error:
        raise StorageError(f"{name_of(path)} cannot be read: {error.strerror}.") from error
    if not n_bytes:
        raise InputError(f"{name_of(path)} is empty. {_SHAPE}.")


def _opened(path: Path) -> AbstractContextManager[BinaryIO]:
    if path != STDIN:
        return path.open("rb")
    if sys.stdin is None:
        raise StorageError("Standard input is closed. Name a file, or pipe one in.")
    return nullcontext(sys.stdin.buffer)


def _numbered(path: Path, file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            if raw.startswith(_UTF16_MARKS):
                raise at_line(path, 1, InputError("this is UTF-16. Save the file as UTF-8."))
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if len(raw) > MAX_LINE_BYTES:
            sentence = f"the line is longer than {MAX_LINE_BYTES >> 20} MiB. {_SHAPE}."
            raise at_line(path, number, InputError(sentence))
        yield number, raw


def _object(path: Path, number: int, raw: bytes) -> dict[str, Any]:
    try:
        return parse_object(raw)
    except InputError as fault:
        raise at_line(path, number, fault) from fault


def parse_object(raw: bytes) -> dict[str, Any]:
    """Read one line.

    Raises
    ------
    InputError
        With a sentence that says what is wrong and what to do, without the line's number.
    """
    try:
        data = json.loads(
            raw.decode(),
            parse_float=_decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_repeats,
        )
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte {error.start + 1} of the line is not UTF-8. Save the file as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"this is not JSON ({error.msg} at character {error.pos + 1}). {_remedy(raw)}."
        ) from error
    except RecursionError as error:
        raise InputError(f"the values are nested too deeply. {_SHAPE}.") from error
    except ValueError as error:  # An integer of more digits than Python reads.
        raise InputError(
            "a number has thousands of digits. Give frames as whole numbers."
        ) from error
    if not isinstance(data, dict):
        raise InputError(f"this is JSON, but no object. {_SHAPE}.")
    return data


def _remedy(raw: bytes) -> str:
    if raw.strip() in {b"{", b"[", b"[{"}:
        return "The file looks like one JSON document over many lines; write one object a line"
    return _SHAPE


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise InputError(
            f"the number {text[:12]}... has {len(text)} characters. Round it; "
            "nine decimals tell frames apart at any rate."
        )
    return Decimal(text)


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"{name} is not a number that JSON knows. Give a number, or null.")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise InputError(f'an object has the field "{repeated}" twice. Keep one of them.')
    return found
