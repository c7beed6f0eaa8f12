"""HTTP byte ranges (RFC 9110, section 14): one range or the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


class UnsatisfiableRangeError(Exception):
    """The range lies outside the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """The bytes ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def n_bytes(self) -> int:
        """Length."""
        return self.last - self.first + 1

    def capped(self, most: int | None) -> ByteRange:
        """Return the beginning of the range, at most so many bytes of it."""
        if most is None or self.n_bytes <= most:
            return self
        return ByteRange(first=self.first, last=self.first + most - 1)


def parse_range(header: str | None, *, size: int) -> ByteRange | None:
    """Read a Range header; None means the whole file.

    A header that is malformed, of another unit or of several ranges is ignored, as the RFC
    allows.

    Raises
    ------
    UnsatisfiableRangeError
        If the range is sound and selects nothing.
    """
    match = _ONE.match((header or "").replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    first_text, last_text = match.groups()
    if not first_text:  # the last so many bytes
        n_bytes = min(int(last_text), size)
        if n_bytes == 0:
            raise UnsatisfiableRangeError
        return ByteRange(first=size - n_bytes, last=size - 1)
    first = int(first_text)
    last = min(int(last_text), size - 1) if last_text else size - 1
    if last_text and int(last_text) < first:
        return None
    if first >= size:
        raise UnsatisfiableRangeError
    return ByteRange(first=first, last=last)
