"""Everything that can be known of one sound file, in one decode pass: facts, hash, fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

from models.digest import DigestAlongside
from models.probe import Probe, conclude
from models.source import Source
from services.domain.fingerprint import Fingerprint
from services.domain.media_limits import MediaLimits, StreamChoice
from services.domain.timebase import Timebase


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A sound source: its facts, its hash and its fingerprint."""

    probe: Probe
    source_sha256: str
    fingerprint: Fingerprint

    @property
    def timebase(self) -> Timebase:
        """When each source frame is shown."""
        return self.probe.timebase

    def as_json(self) -> dict[str, Any]:
        """Return the exact JSON form."""
        return {
            "probe": self.probe.as_json(),
            "timebase": self.timebase.as_json(),
            "duration_s": str(self.probe.duration_s),
            "source_sha256": self.source_sha256,
            "fingerprint": self.fingerprint.as_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote."""
        return cls(**cls._fields_from(data))

    @classmethod
    def _fields_from(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "probe": Probe.from_json(
                data["probe"],
                timebase=Timebase.from_json(data["timebase"]),
                duration_s=Fraction(data["duration_s"]),
            ),
            "source_sha256": data["source_sha256"],
            "fingerprint": Fingerprint.from_json(data["fingerprint"]),
        }


def examine_file(
    path: Path | str, *, limits: MediaLimits | None = None, stream: StreamChoice = "first"
) -> Examined:
    """Decode a whole file and return all that can be known of it.

    Raises
    ------
    MediaRefusedError
        If the file can never be labelled exactly; the code names the reason.
    """
    path = Path(path)
    with Source(path, limits or MediaLimits(), stream) as source, DigestAlongside(path) as digest:
        for _ in source.frames():
            pass
        found = conclude(source)
    return Examined(
        probe=found,
        source_sha256=digest.hexdigest(),
        fingerprint=source.fingerprinter.result(),
    )
