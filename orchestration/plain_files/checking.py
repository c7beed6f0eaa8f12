"""Tier 1 on a plain file: every finding, line by line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from orchestration.plain_files.lines import name_of
from orchestration.plain_files.opinion import Opinion
from orchestration.plain_files.outputs import STDOUT, outputs
from orchestration.plain_files.store import OpinionStore
from orchestration.plain_files.wording import counted, printable
from services.domain.sanity.check import check_submission
from services.domain.sanity.findings import Finding
from services.domain.segments import SubmittedSegment
from services.domain.taxonomy import Taxonomy

COLUMNS: Final = (
    "line", "item", "annotator", "segments", "severity", "code",
    "onset", "offset", "layer", "label", "message",
)  # fmt: skip
_STYLES: Final = {"error": "bold red", "warning": "yellow"}


@dataclass(slots=True)
class Found:
    """How much was found."""

    n_opinions: int = 0
    n_errors: int = 0
    n_warnings: int = 0


def check_file(
    path: Path, *, taxonomy: Taxonomy, targets: Mapping[str, Path], console: Console
) -> Found:
    """Check every line's answer; print the findings, or write them where asked.

    Raises
    ------
    InputError
        If a line is not an opinion at all; then nothing is printed or written.
    StorageError
        If a file cannot be read or written.
    """
    found = Found()
    with outputs(targets, source=path) as files, OpinionStore.of(path) as store:
        tables = [csv.writer(file, lineterminator="\n") for file in files.values()]
        for table in tables:
            table.writerow(COLUMNS)
        for opinion, n_frames in store.lines():
            found.n_opinions += 1
            findings = findings_of(opinion, taxonomy, n_frames=n_frames)
            errors = sum(finding.severity == "error" for finding in findings)
            found.n_errors += errors
            found.n_warnings += len(findings) - errors
            for table in tables:
                table.writerows(_rows(opinion, findings))
            if findings and not tables:
                _print(console, opinion, findings)
        lengths = store.lengths()
        said = [f"{lengths} Each line is checked by its own."] if lengths else []
        said += store.snapping.sentences()
    _print_end(console, path, found, targets, said)
    return found


def findings_of(opinion: Opinion, taxonomy: Taxonomy, *, n_frames: int) -> tuple[Finding, ...]:
    """Return what tier 1 says of one opinion; its segments are named by their number."""
    first_layer = taxonomy.layers[0].name
    submitted = [
        SubmittedSegment(
            region_id=str(number),
            # A name that no layer has ever had is reported on the first.
            layer=taxonomy.layer_of(span.label) or first_layer,
            label=span.label,
            onset=span.onset,
            offset=span.offset,
        )
        for number, span in enumerate(opinion.spans, start=1)
    ]
    return check_submission(submitted, n_frames=n_frames, taxonomy=taxonomy).findings


def _numbers(finding: Finding) -> str:
    return " ".join(sorted(finding.region_ids, key=int))


def _rows(opinion: Opinion, findings: tuple[Finding, ...]) -> Iterator[tuple[object, ...]]:
    for finding in findings:
        yield (
            opinion.line,
            opinion.item,
            opinion.annotator,
            _numbers(finding),
            finding.severity,
            finding.code,
            finding.onset,
            finding.offset,
            finding.layer,
            finding.label,
            finding.message,
        )


def _print(console: Console, opinion: Opinion, findings: tuple[Finding, ...]) -> None:
    place = f"line {opinion.line}: {opinion.item}, {opinion.annotator}"
    text = Text(printable(place), style="bold")
    for finding in findings:
        frames = "" if finding.onset is None else f"[{finding.onset}, {finding.offset})"
        numbers = _numbers(finding)
        where = f"segment {numbers} " if numbers else ""
        text.append(f"\n  {finding.severity:7}", style=_STYLES[finding.severity])
        text.append(f" {finding.code} {where}{frames} ", style="not bold dim")
        text.append(printable(finding.message), style="not bold")
    console.print(text, soft_wrap=True)


def _print_end(
    console: Console, path: Path, found: Found, targets: Mapping[str, Path], notes: list[str]
) -> None:
    def say(sentence: str) -> None:
        console.print(Text(printable(sentence)), soft_wrap=True)

    if (found.n_errors or found.n_warnings) and not targets:
        say(
            "[onset, offset) are frames as in the file: from 0, end exclusive. The sentences "
            "count as an annotator's screen does: from 1, last frame included."
        )
    for option, target in targets.items():
        if target != STDOUT:
            say(f"{option[2:]}: {target}")
    for sentence in notes:
        say(sentence)
    say(
        f"{name_of(path)}: {counted(found.n_opinions, 'answer')}, "
        f"{counted(found.n_errors, 'error')}, {counted(found.n_warnings, 'warning')}."
    )
