"""A group of views to facts and one proxy: every file in a limited process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from models.examine import Examined
from models.group_job import SOUND
from models.ingest import Ingested
from models.isolated import Lifeline, answer_of, examine_isolated
from models.mosaic import Shot
from models.refusal import MediaRefusedError
from models.sound import read_sound
from services.domain.errors import InputError
from services.domain.hints import HintRules
from services.domain.media_limits import MediaLimits, StreamChoice
from services.domain.multiview.alignment import Alignment, OffsetMethod
from services.domain.multiview.manifest import ViewSpec
from services.domain.multiview.sound_offset import sound_offset
from services.domain.multiview.timecode import Timecode

REFERENCE = ViewSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewFile:
    """One view as it was sent."""

    name: str
    path: Path
    spec: ViewSpec = REFERENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedView:
    """A further view of a group: its facts, its place, and what its map declares."""

    name: str
    examined: Examined
    alignment: Alignment
    map: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestedGroup:
    """A group whose views are all sound: the reference with the proxy of all, and the others."""

    reference: Ingested
    views: tuple[AlignedView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """What all jobs of one group share."""

    limits: MediaLimits
    stream: StreamChoice
    lifeline: Lifeline | None

    def ask(self, scratch: Path, **request: object) -> dict[str, Any]:
        """Have one job done and return its answer."""
        whole = request | {"stream": self.stream}
        return answer_of(scratch, whole, self.limits, self.lifeline)


def ingest_group(
    files: Sequence[ViewFile],
    destination: Path | str,
    *,
    height: int = 360,
    limits: MediaLimits | None = None,
    stream: StreamChoice = "first",
    hints: HintRules | None = None,
    lifeline: Lifeline | None = None,
) -> IngestedGroup:
    """Examine all views, find their places in time, and make the proxy that shows them together.

    Parameters
    ----------
    files : sequence of ViewFile
        The reference first.
    destination : Path
        The proxy; replaced only by a whole and proven one.
    hints : HintRules, optional
        What to point out; by default nothing is looked for.

    Raises
    ------
    MediaRefusedError
        If one view can never be labelled exactly, the detail naming it; ``views_not_aligned``
        when its place in time cannot be found, ``same_view`` when two views are one file.
    StorageError, ExternalError
        As :func:`models.isolated.ingest_isolated`.
    """
    desk = _Desk(limits=limits or MediaLimits(), stream=stream, lifeline=lifeline)
    examined = []
    for file in files:
        with _naming(file):
            examined.append(
                examine_isolated(file.path, limits=limits, stream=stream, lifeline=lifeline)
            )
    _refuse_twins(files, examined)
    alignments = _alignments(desk, files, examined)
    shots = [
        Shot(
            name=file.name,
            path=file.path.absolute(),
            timebase=found.timebase,
            size=(found.probe.width, found.probe.height),
            alignment=alignment,
        )
        for file, found, alignment in zip(files, examined, [None, *alignments], strict=True)
    ]
    answer = _mosaic(desk, shots, Path(destination).absolute(), height=height, hints=hints)
    # What a file ingested by itself answers, with the proxy and the hints of all views.
    reference = examined[0].as_json() | {"proxy": answer["proxy"], "found": answer["found"]}
    return IngestedGroup(
        reference=Ingested.from_json(reference),
        views=tuple(
            AlignedView(name=file.name, examined=found, alignment=alignment, map=held)
            for file, found, alignment, held in zip(
                files[1:], examined[1:], alignments, answer["maps"], strict=True
            )
        ),
    )


def _mosaic(
    desk: _Desk, shots: list[Shot], destination: Path, *, height: int, hints: HintRules | None
) -> dict[str, Any]:
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=destination.parent) as made:
        return desk.ask(
            Path(made),
            deed="mosaic",
            shots=[shot.as_json() for shot in shots],
            destination=str(destination),
            height=height,
            hints=hints and hints.model_dump(mode="json"),
        )


def _refuse_twins(files: Sequence[ViewFile], examined: Sequence[Examined]) -> None:
    names: dict[str, str] = {}
    for file, found in zip(files, examined, strict=True):
        twin = names.setdefault(found.source_sha256, file.name)
        if twin != file.name:
            raise MediaRefusedError(
                f"Views {twin!r} and {file.name!r} are the same file.", code="same_view"
            )


def _alignments(
    desk: _Desk, files: Sequence[ViewFile], examined: Sequence[Examined]
) -> list[Alignment]:
    """Find the place of every view but the reference."""
    with tempfile.TemporaryDirectory(prefix="segue-views-") as made:
        finder = _Finder(desk, Path(made), files[0], examined[0])
        found = []
        for number, (file, facts) in enumerate(zip(files[1:], examined[1:], strict=True)):
            with _naming(file):
                found.append(finder.place(file, facts, Path(made) / str(number)))
        return found


class _Finder:
    """Finds where views lie; reads the reference's clock and sound once, and only if need be."""

    def __init__(self, desk: _Desk, folder: Path, file: ViewFile, facts: Examined) -> None:
        self._desk = desk
        self._folder = folder / "reference"
        self._file = file
        self._facts = facts
        self._timecode: Timecode | None = None
        self._has_looked = False
        self._sound: Path | None = None

    def place(self, file: ViewFile, facts: Examined, folder: Path) -> Alignment:
        """Return a view's place, found as its entry asks for.

        Raises
        ------
        MediaRefusedError
            If it cannot be found (``views_not_aligned``).
        """
        folder.mkdir()
        spec = file.spec
        if spec.offset_s is not None:
            return Alignment(
                offset_s=Fraction(spec.offset_s),
                drift_ppm=Fraction(spec.drift_ppm),
                method=OffsetMethod.GIVEN,
            )
        if spec.sync in ("auto", "timecode"):
            ours, theirs = self._reference_timecode(), self._timecode_of(file, folder)
            if ours is not None and theirs is not None:
                return Alignment(offset_s=theirs.since(ours), method=OffsetMethod.TIMECODE)
            if spec.sync == "timecode":
                whose = "The reference" if ours is None else "It"
                raise _lost(f"{whose} has no timecode. State offset_s, or sync: audio.")
        return self._by_sound(file, facts, folder)

    def _by_sound(self, file: ViewFile, facts: Examined, folder: Path) -> Alignment:
        with _naming(self._file):
            ours = self._reference_sound()
        if ours is None:
            raise _lost("The reference has no sound. State offset_s.")
        theirs = self._sound_of(file, facts, folder)
        if theirs is None:
            raise _lost("It has no sound. State offset_s.")
        try:
            return sound_offset(read_sound(ours), read_sound(theirs))
        except InputError as error:
            raise _lost(error.detail) from error
        finally:
            theirs.unlink()

    def _reference_timecode(self) -> Timecode | None:
        if not self._has_looked:
            self._folder.mkdir(exist_ok=True)
            self._timecode = self._timecode_of(self._file, self._folder)
            self._has_looked = True
        return self._timecode

    def _reference_sound(self) -> Path | None:
        if self._sound is None:
            self._folder.mkdir(exist_ok=True)
            self._sound = self._sound_of(self._file, self._facts, self._folder)
        return self._sound

    def _timecode_of(self, file: ViewFile, folder: Path) -> Timecode | None:
        answer = self._desk.ask(folder, deed="timecode", path=str(file.path.absolute()))
        found = answer["timecode"]
        if found is None:
            return None
        return Timecode(
            frames=found["frames"], rate=Fraction(found["rate"]), is_drop=found["is_drop"]
        )

    def _sound_of(self, file: ViewFile, facts: Examined, folder: Path) -> Path | None:
        """Have a file's sound written; None where there is none."""
        try:
            self._desk.ask(
                folder,
                deed="sound",
                path=str(file.path.absolute()),
                first_frame_s=str(facts.probe.first_pts_s),
            )
        except MediaRefusedError as error:
            if error.code != "no_sound":
                raise
            return None
        return folder / SOUND


def _lost(why: str) -> MediaRefusedError:
    return MediaRefusedError(
        f"Its place in time beside the reference cannot be found. {why}",
        code="views_not_aligned",
    )


@contextmanager
def _naming(file: ViewFile) -> Iterator[None]:
    """Say in a refusal which view it is about, once."""
    try:
        yield
    except MediaRefusedError as error:
        if error.detail.startswith("View "):
            raise
        raise MediaRefusedError(
            f"View {file.name!r}: {error.detail}", code=error.code, facts=error.facts
        ) from error
