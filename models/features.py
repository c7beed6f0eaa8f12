"""Features of a clip: one decode of the proxy, written to a file as they come.

Conventions
-----------
An extractor sees the proxy's frames in order and gives one row of float32 a *step*. A step is
a whole number of frames (its ``stride``), so that every boundary on steps is one on frames; step
``t`` covers the frames ``[t * stride, (t + 1) * stride)``, the last one maybe fewer, and is seen
by its middle frame. An extractor without a rate of its own has a step a frame.

Rows go to a plain ``.npy`` file with a ``.json`` beside it and are read back by ranges, so memory
does not grow with a clip's length.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from models.refusal import EXHAUSTED, MediaRefusedError, refusing
from services.domain.errors import InputError, StorageError

Floats = NDArray[np.float32]
CHUNK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some neighbouring columns of the features that mean one kind of thing.

    Parameters
    ----------
    name : str
        What they are.
    width : int
        How many columns.
    still : float
        A spread below this counts as none: rounding and compression.
    weight : float
        How much the group's mean counts where two stretches are compared by their looks.
    """

    name: str
    width: int
    still: float = 1e-3
    weight: float = 1.0


class Extractor(Protocol):
    """What turns frames into features; an external one needs no more than this.

    ``id`` and ``version`` name it for good: features of another id or version never meet a model
    that was trained on these. ``rate_hz`` is how many steps a second it wants, None for every
    frame. ``groups`` add up to ``dim`` columns.
    """

    @property
    def id(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def version(self) -> str: ...  # noqa: D102
    @property
    def dim(self) -> int: ...  # noqa: D102
    @property
    def rate_hz(self) -> float | None: ...  # noqa: D102
    @property
    def groups(self) -> tuple[Group, ...]: ...  # noqa: D102

    def rows(self, frames: Iterator[VideoFrame]) -> Iterator[Floats]:
        """Yield arrays (k, dim), together one row a frame, holding few frames at a time."""


def key_of(extractor: Extractor) -> str:
    """Return the name of what an extractor gives, as models and caches know it."""
    return f"{extractor.id}@{extractor.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """A clip's features on disk.

    Parameters
    ----------
    path : Path
        The ``.npy`` file, float32 of shape (n_steps, dim).
    extractor : str
        ``id@version``.
    dim, stride, n_frames : int
        Columns, frames a step, frames of the clip.
    rate : Fraction
        Frames per second of the proxy.
    groups : tuple of Group
        Of the columns.
    """

    path: Path
    extractor: str
    dim: int
    stride: int
    n_frames: int
    rate: Fraction
    groups: tuple[Group, ...]

    @property
    def n_steps(self) -> int:
        """Number of rows."""
        return -(-self.n_frames // self.stride)

    def read(self, low: int, high: int) -> Floats:
        """Return the rows ``[low, high)``, clipped to those there are.

        Raises
        ------
        StorageError
            If the file is shorter than it should be.
        """
        low, high = max(0, low), min(high, self.n_steps)
        count = max(0, high - low) * self.dim
        offset = _HEADER_BYTES + low * self.dim * 4
        try:
            rows = np.fromfile(self.path, dtype="<f4", count=count, offset=offset)
        except OSError as error:
            raise StorageError(f"{self.path.name} cannot be read: {error.strerror}.") from error
        if len(rows) != count:
            raise StorageError(f"{self.path.name} is cut off. Extract its features again.")
        return rows.reshape(-1, self.dim).astype(np.float32, copy=False)

    def save_facts(self) -> None:
        """Write what is known beside the rows, for :meth:`open`."""
        facts = asdict(self) | {"rate": str(self.rate)}
        del facts["path"]
        self.path.with_suffix(".json").write_text(json.dumps(facts, sort_keys=True))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open what :func:`write_features` wrote.

        Raises
        ------
        InputError
            If the files are not that.
        """
        try:
            facts: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
            groups = tuple(Group(**group) for group in facts.pop("groups"))
            rate = Fraction(facts.pop("rate"))
            return cls(path=path, rate=rate, groups=groups, **facts)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(f"{path.name} is no feature file of this house: {error}.") from error


def write_features(proxy: Path | str, extractor: Extractor, path: Path) -> Features:
    """Decode a proxy once and write its features.

    Parameters
    ----------
    proxy : Path
        A proxy; any constant-rate video of which every decoded frame counts.
    extractor : Extractor
        What sees the frames.
    path : Path
        The ``.npy`` file; complete, or not there.

    Raises
    ------
    MediaRefusedError
        If the proxy cannot be decoded, or holds no frame (code ``proxy_unsound``).
    StorageError
        If there is no room for the features.
    """
    unfinished = path.with_suffix(".part")
    try:
        with (
            refusing("proxy_unsound", "The proxy cannot be decoded"),
            av.open(str(proxy)) as opened,
            unfinished.open("wb") as file,
        ):
            stream = opened.streams.video[0]
            stream.thread_type = "AUTO"
            rate = stream.average_rate or Fraction(25)
            stride = stride_for(rate, extractor.rate_hz)
            picked = _Picked(opened.decode(stream), stride)
            _write(file, extractor.rows(iter(picked)), extractor.dim)
        if not picked.n_frames:
            raise MediaRefusedError("The proxy holds no frame.", code="proxy_unsound")
        unfinished.replace(path)
    except EXHAUSTED:
        raise
    except OSError as error:
        raise StorageError(f"The features do not fit into {path.parent}: {error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    features = Features(
        path=path,
        extractor=key_of(extractor),
        dim=extractor.dim,
        stride=stride,
        n_frames=picked.n_frames,
        rate=rate,
        groups=extractor.groups,
    )
    features.save_facts()
    return features


def write_rows(
    path: Path,
    rows: Floats,
    *,
    extractor: str,
    rate: Fraction,
    groups: tuple[Group, ...],
    n_frames: int | None = None,
    stride: int = 1,
) -> Features:
    """Write features that were made elsewhere, shape (n_steps, dim).

    Raises
    ------
    InputError
        If their shape does not fit the groups and the number of frames.
    """
    n_frames = len(rows) * stride if n_frames is None else n_frames
    dim = sum(group.width for group in groups)
    if not len(rows) or len(rows) != -(-n_frames // stride):
        raise InputError(f"{len(rows)} rows are no {n_frames} frames in steps of {stride}.")
    with path.open("wb") as file:
        _write(file, iter([rows]), dim)
    features = Features(
        path=path,
        extractor=extractor,
        dim=dim,
        stride=stride,
        n_frames=n_frames,
        rate=rate,
        groups=groups,
    )
    features.save_facts()
    return features


def stride_for(rate: Fraction, rate_hz: float | None) -> int:
    """Return how many frames make a step at a rate as near as can be to the wanted one."""
    return 1 if rate_hz is None else max(1, round(float(rate) / rate_hz))


class _Picked:
    """The middle frame of every step, and how many frames went by."""

    def __init__(self, frames: Iterator[VideoFrame], stride: int) -> None:
        self.frames = frames
        self.stride = stride
        self.n_frames = 0

    def __iter__(self) -> Iterator[VideoFrame]:
        while step := list(islice(self.frames, self.stride)) if self.stride > 1 else self._one():
            self.n_frames += len(step)
            yield step[len(step) // 2]

    def _one(self) -> list[VideoFrame]:
        frame = next(self.frames, None)
        return [] if frame is None else [frame]


def _write(file: BinaryIO, chunks: Iterator[Floats], dim: int) -> None:
    file.write(_header(0, dim))
    n_rows = 0
    for rows in chunks:
        if rows.ndim != 2 or rows.shape[1] != dim:
            raise InputError(f"The extractor gave rows of shape {rows.shape}, not (n, {dim}).")
        if not np.isfinite(rows).all():
            raise InputError("The extractor gave a number that is not finite.")
        rows.astype("<f4", copy=False).tofile(file)
        n_rows += len(rows)
    file.seek(0)
    file.write(_header(n_rows, dim))
    file.seek(0, os.SEEK_END)


_HEADER_BYTES = 128


def _header(n_rows: int, dim: int) -> bytes:
    """Return an ``.npy`` header of always the same length."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_rows}, {dim}), }}"
    room = _HEADER_BYTES - 10
    return b"\x93NUMPY\x01\x00" + room.to_bytes(2, "little") + text.ljust(room - 1).encode() + b"\n"
