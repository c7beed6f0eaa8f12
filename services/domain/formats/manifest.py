"""The manifest: what a release holds, what its labels mean, and the sum of every file.

Conventions
-----------
``manifest.json`` is canonical JSON. It names every other file of the release with size and
SHA-256, so whoever trusts the manifest can check the rest without asking anybody.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import PurePosixPath
from typing import Any, Final, Literal, Self

from services.domain.canonical import canonical_json
from services.domain.comparison.disputes import ComparisonCounts
from services.domain.errors import InputError, reading
from services.domain.formats.records import ReleaseHead, ReleaseRecord

PATH: Final = "manifest.json"
MEDIA_TYPE: Final = "application/json"
FORM: Final = "segue-release/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of a release as the manifest names it."""

    path: str
    sha256: str
    n_bytes: int
    media_type: str

    def __post_init__(self) -> None:
        if not _is_inside(self.path):
            raise InputError(f"{self.path!r} is not a path inside a release.")


class FileSum:
    """Adds up a file's size and SHA-256 while its bytes pass by."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._n_bytes = 0

    def update(self, data: bytes) -> None:
        """Count the next bytes of the file."""
        self._digest.update(data)
        self._n_bytes += len(data)

    def entry(self, path: str, *, media_type: str) -> FileEntry:
        """Return the entry of the file as far as its bytes have passed."""
        return FileEntry(
            path=path,
            sha256=self._digest.hexdigest(),
            n_bytes=self._n_bytes,
            media_type=media_type,
        )


def sum_file(path: str, chunks: Iterable[bytes], *, media_type: str = "") -> FileEntry:
    """Return the entry of a file whose bytes are at hand."""
    total = FileSum()
    for chunk in chunks:
        total.update(chunk)
    return total.entry(path, media_type=media_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCounts:
    """Sums over released clips; they add.

    Parameters
    ----------
    n_clips, n_frames, n_segments : int
        Clips, their source frames, their accepted segments.
    statuses, taxonomy_versions, policies : Counter
        Clips by status, by the taxonomy version and by the policy they were decided under.
    labels : Counter
        Segments by label.
    label_frames : Counter
        Frames by label; a frame counts once for each segment that covers it.
    comparisons : ComparisonCounts
        Over the clips' blind opinions.
    """

    n_clips: int = 0
    n_frames: int = 0
    n_segments: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    taxonomy_versions: Counter[str] = field(default_factory=Counter)
    policies: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    label_frames: Counter[str] = field(default_factory=Counter)
    comparisons: ComparisonCounts = field(default_factory=ComparisonCounts)

    @classmethod
    def of(cls, record: ReleaseRecord) -> Self:
        """Count one clip."""
        frames: Counter[str] = Counter()
        for segment in record.segments:
            frames[segment.label] += segment.n_frames
        compared = record.comparison
        return cls(
            n_clips=1,
            n_frames=record.n_frames,
            n_segments=len(record.segments),
            statuses=Counter({str(record.status): 1}),
            taxonomy_versions=Counter({str(record.taxonomy_version): 1}),
            policies=Counter({record.policy_hash: 1}),
            labels=Counter(segment.label for segment in record.segments),
            label_frames=frames,
            comparisons=ComparisonCounts() if compared is None else compared.counts,
        )

    def __add__(self, other: ReleaseCounts) -> ReleaseCounts:
        return ReleaseCounts(
            n_clips=self.n_clips + other.n_clips,
            n_frames=self.n_frames + other.n_frames,
            n_segments=self.n_segments + other.n_segments,
            statuses=self.statuses + other.statuses,
            taxonomy_versions=self.taxonomy_versions + other.taxonomy_versions,
            policies=self.policies + other.policies,
            labels=self.labels + other.labels,
            label_frames=self.label_frames + other.label_frames,
            comparisons=self.comparisons + other.comparisons,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, with the agreement of the blind opinions."""
        sums = {part.name: getattr(self, part.name) for part in fields(self)}
        agreement = self.comparisons.agreement
        return sums | {"comparisons": asdict(self.comparisons), "agreement": agreement}


def manifest(head: ReleaseHead, *, files: Iterable[FileEntry], counts: ReleaseCounts) -> bytes:
    """Write a release's manifest.

    Parameters
    ----------
    head : ReleaseHead
        Its taxonomy is written out in full: the labels with their triggers.
    files : iterable of FileEntry
        All files but the manifest, in any order.
    counts : ReleaseCounts
        Over all records.
    """
    named = sorted((asdict(entry) for entry in files), key=lambda entry: entry["path"])
    document = {
        "form": FORM,
        "project": head.project,
        "version": head.version,
        "files": named,
        "counts": counts.as_json(),
        "taxonomy": head.taxonomy.model_dump(mode="json") | {"hash": head.taxonomy.hash},
        "policy": head.policy.model_dump(mode="json") | {"hash": head.policy.hash},
    }
    return canonical_json(document) + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which files differ from their manifest."""

    code: Literal["missing", "changed", "unlisted"]
    path: str
    detail: str


def read_files(document: bytes) -> tuple[FileEntry, ...]:
    """Return the files that a manifest names.

    Raises
    ------
    InputError
        If this is no manifest, or it names a path outside the release.
    """
    with reading("a release manifest"):
        data = json.loads(document)
        if data["form"] != FORM:
            raise ValueError(f"form {data['form']!r}")
        return tuple(FileEntry(**entry) for entry in data["files"])


def verify(document: bytes, found: Mapping[str, FileEntry]) -> tuple[Fault, ...]:
    """Hold the files that are there against the manifest.

    Parameters
    ----------
    document : bytes
        The manifest.
    found : mapping of str to FileEntry
        The other files by path, summed with :func:`sum_file`; media types do not matter.

    Returns
    -------
    tuple of Fault
        By path; empty when every named file is there unchanged and no other file is.
    """
    named = {entry.path: entry for entry in read_files(document)}
    faults = [
        Fault(code="unlisted", path=path, detail="The manifest does not name this file.")
        for path in found.keys() - named.keys()
    ]
    for path, entry in named.items():
        own = found.get(path)
        if own is None:
            faults.append(Fault(code="missing", path=path, detail="The file is not there."))
        elif (own.sha256, own.n_bytes) != (entry.sha256, entry.n_bytes):
            faults.append(
                Fault(
                    code="changed",
                    path=path,
                    detail=f"{own.n_bytes} bytes, SHA-256 {own.sha256}; the manifest says "
                    f"{entry.n_bytes} bytes, SHA-256 {entry.sha256}.",
                )
            )
    return tuple(sorted(faults, key=lambda fault: fault.path))


def _is_inside(path: str) -> bool:
    """Tell whether a path has one spelling and cannot lead out of the release's folder."""
    if "\\" in path or not path.isprintable() or PurePosixPath(path).is_absolute():
        return False
    return all(part not in ("", ".", "..") for part in path.split("/"))
