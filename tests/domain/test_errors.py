from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.domain.comparison.disputes import Comparison
from services.domain.errors import InputError, NotFoundError, reading
from services.domain.formats import jsonl
from services.domain.formats.manifest import read_files
from services.domain.formats.records import ReleaseRecord
from services.domain.monitoring.anchoring import DraftTally
from services.domain.monitoring.confusion import ConfusionTally
from services.domain.monitoring.probes import Probe
from services.domain.monitoring.signals import Signal
from services.domain.monitoring.tallies import DeltaTally, LabelTally
from services.domain.sanity.findings import Finding
from services.domain.segments import Segment, SubmittedSegment
from services.domain.timebase import Timebase


def test_what_does_not_fit_is_refused_with_its_reason() -> None:
    with pytest.raises(InputError, match=r"^This is not a box: the field 'lid' is missing\.$"):
        _lid({})
    with pytest.raises(InputError, match=r"^This is not a box: \{'lid': 'x'\} \(invalid literal"):
        _lid({"lid": "x"}, shown=True)
    with pytest.raises(InputError, match="cannot convert float infinity to integer"):
        _lid({"lid": float("inf")})
    assert _lid({"lid": "3"}) == 3


def test_what_has_another_cause_passes_as_it_is() -> None:
    for error in (NotFoundError("No box."), OSError("No disk."), InputError("No lid.")):
        with pytest.raises(type(error)) as caught, reading("a box"):
            raise error
        assert caught.value is error


def _lid(box: dict[str, Any], *, shown: bool = False) -> int:
    with reading("a box", box if shown else None):
        return int(box["lid"])


READERS: list[Callable[[Any], object]] = [
    Comparison.from_json,
    ConfusionTally.from_json,
    DeltaTally.from_json,
    DraftTally.from_json,
    Finding.from_json,
    LabelTally.from_json,
    Probe.from_json,
    ReleaseRecord.from_json,
    Segment.from_json,
    Signal.from_json,
    SubmittedSegment.from_json,
    Timebase.from_json,
]


@pytest.mark.parametrize("data", [3, "text", [1], {"unknown": 1}, [{"unknown": 1}]])
@pytest.mark.parametrize("read", READERS)
def test_every_document_refuses_what_it_is_not(read: Callable[[Any], object], data: object) -> None:
    with pytest.raises(InputError, match=r"^This is not a .*\.$"):
        read(data)


@pytest.mark.parametrize("line", [b"3", b"text", b"[1]", b"{}"])
def test_lines_and_manifests_do_too(line: bytes) -> None:
    with pytest.raises(InputError, match=r"^Line 1: This is not a release record: .*\.$"):
        list(jsonl.read([line]))
    with pytest.raises(InputError, match=r"^This is not a release manifest: "):
        read_files(line)
