"""A whole release: every format asked for, then the manifest over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import PurePosixPath

from services.domain.errors import InputError
from services.domain.formats import manifest
from services.domain.formats.manifest import FileSum, ReleaseCounts
from services.domain.formats.records import Piece, ReleaseHead, ReleaseRecord
from services.domain.formats.registry import FORMATS


def build_release(
    head: ReleaseHead,
    records: Callable[[], Iterable[ReleaseRecord]],
    *,
    formats: Collection[str] = ("jsonl", "activitynet"),
) -> Iterator[Piece]:
    """Yield a release piece by piece; append each piece to the file of its path.

    Parameters
    ----------
    head : ReleaseHead
        What holds for the whole release.
    records : callable
        Gives the records from the beginning, in the same order each time. It is called once
        a format and once for the counts, so that memory does not grow with the release.
    formats : collection of str
        Names in ``FORMATS``.

    Raises
    ------
    InputError
        ``unknown_format``, before anything is yielded, or what a format raises.

    Notes
    -----
    The manifest comes last: a release without one was not finished.
    """
    if unknown := sorted(set(formats) - FORMATS.keys()):
        raise InputError(
            f"There is no release format {unknown[0]!r}; there are {', '.join(FORMATS)}.",
            code="unknown_format",
        )
    return _pieces(head, records, formats)


def _pieces(
    head: ReleaseHead,
    records: Callable[[], Iterable[ReleaseRecord]],
    formats: Collection[str],
) -> Iterator[Piece]:
    sums: defaultdict[str, FileSum] = defaultdict(FileSum)
    for name in formats:
        for path, data in FORMATS[name].write(head, records()):
            sums[path].update(data)
            yield path, data
    counts = ReleaseCounts()
    for record in records():
        counts += ReleaseCounts.of(record)
    files = [total.entry(path, media_type=media_type(path)) for path, total in sums.items()]
    yield manifest.PATH, manifest.manifest(head, files=files, counts=counts)


def media_type(path: str) -> str:
    """Return the media type of a file of a release."""
    if path == manifest.PATH:
        return manifest.MEDIA_TYPE
    known = {
        suffix: kind
        for exporter in FORMATS.values()
        for suffix, kind in exporter.media_types.items()
    }
    return known[PurePosixPath(path).suffix]
