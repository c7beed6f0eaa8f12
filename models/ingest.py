"""A source file to facts and a proxy in one decode pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.digest import DigestAlongside
from models.examine import Examined
from models.probe import conclude, stated_rates
from models.proof import ProxyResult, prove_and_place, scratch_for
from models.proxy import encode, retime
from models.rates import DEFAULT_RATE, STANDARD_RATES
from models.source import Source
from services.domain.hints import HintRules
from services.domain.media_limits import MediaLimits, StreamChoice

if TYPE_CHECKING:
    from models.hints.observer import FoundHints, HintsObserver


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested(Examined):
    """A sound source with its proven proxy, and what that shows if hints were asked for."""

    proxy: ProxyResult
    found: FoundHints | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the exact JSON form."""
        found = None if self.found is None else self.found.as_json()
        return Examined.as_json(self) | {"proxy": asdict(self.proxy), "found": found}

    @classmethod
    def _fields_from(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        fields = Examined._fields_from(data) | {"proxy": ProxyResult(**data["proxy"])}
        if data["found"] is not None:
            from models.hints.observer import FoundHints

            fields["found"] = FoundHints.from_json(data["found"])
        return fields


def ingest_file(
    path: Path | str,
    destination: Path | str,
    *,
    height: int = 360,
    limits: MediaLimits | None = None,
    stream: StreamChoice = "first",
    hints: HintRules | None = None,
    scratch_folder: Path | None = None,
) -> Ingested:
    """Probe a file and write its proxy, decoding the source once.

    Parameters
    ----------
    path : Path
        A local file.
    destination : Path
        The proxy; replaced only by a whole and proven one.
    height : int
        Lines of the proxy at most.
    limits : MediaLimits, optional
        What is too large.
    stream : StreamChoice
        Which video stream is meant.
    hints : HintRules, optional
        What to point out; by default nothing is looked for.
    scratch_folder : Path, optional
        Where the unfinished proxy lies, on the destination's file system; by default a hidden
        folder beside it.

    Raises
    ------
    MediaRefusedError
        If the file can never be labelled exactly; then nothing is left behind.

    Notes
    -----
    The proxy is encoded at the rate the container states. Where the timestamps turn out to mean
    another, its packets get new times, which costs no second encoding.
    """
    path, destination = Path(path), Path(destination)
    observer = None if hints is None else _observer(hints)
    with scratch_for(destination, folder=scratch_folder) as scratch:
        with (
            Source(path, limits or MediaLimits(), stream) as source,
            DigestAlongside(path) as digest,
        ):
            rate = _likely_rate(source)
            encode(source, source.frames(), scratch, rate=rate, height=height)
            found = conclude(source)
        if found.timebase.play_rate != rate:
            retime(scratch, rate=found.timebase.play_rate)
        proxy = prove_and_place(scratch, destination, timebase=found.timebase, observer=observer)
    return Ingested(
        probe=found,
        proxy=proxy,
        found=None if observer is None else observer.finish(),
        source_sha256=digest.hexdigest(),
        fingerprint=source.fingerprinter.result(),
    )


def _observer(rules: HintRules) -> HintsObserver:
    """Make an observer; its libraries are loaded only where hints are asked for."""
    from models.hints.observer import HintsObserver

    return HintsObserver(rules)


def _likely_rate(source: Source) -> Fraction:
    """Return the rate that the timestamps will most probably mean."""
    said = [rate for rate in stated_rates(source) if 1 <= rate <= 240]
    for rate in said:
        nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
        if abs(nearest - rate) < rate / 20_000:  # milliseconds made 19001/317 of 60000/1001
            return nearest
    return next(iter(said), DEFAULT_RATE)
