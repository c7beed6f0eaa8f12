"""What the check stage hands to the domain: the clip's own frame times among it."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import cast
from uuid import UUID, uuid4

import pytest

from orchestration.flows.check import check_clip
from orchestration.runtime import Runtime
from services.client.payloads import CheckDone, OpinionWork, WorkItem
from services.domain.comparison.disputes import Comparison
from services.domain.errors import InputError
from services.domain.policy import Policy
from services.domain.segments import SubmittedSegment
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from services.domain.workflow import AssignmentState, Stage

LABELS = Taxonomy.parse(
    {"name": "pours", "version": 1, "layers": [{"labels": [{"name": "pour", "aliases": ["tip"]}]}]}
)
# 40 ms a frame but for frame 20, which stays for two seconds.
STUCK = Timebase.from_pts(
    [40 * frame + (2000 if frame > 20 else 0) for frame in range(100)],
    rate=Fraction(25),
    tick=Fraction(1, 1000),
)


def answer(name: str, label: str, onset: int, offset: int) -> OpinionWork:
    region = SubmittedSegment(region_id="r1", layer="main", label=label, onset=onset, offset=offset)
    return OpinionWork(
        annotation_uid=uuid4(),
        assignment_uid=uuid4(),
        kind="annotation",
        opinion="x" if name == "x" else "y",
        state=AssignmentState.SUBMITTED,
        segments=[region.as_json()],
    )


def checked(*answers: OpinionWork, timebase: Timebase | None = STUCK) -> CheckDone:
    item = WorkItem(
        lease_uid=UUID(int=1),
        expires_at=datetime(2026, 1, 1, tzinfo=UTC),
        stage=Stage.CHECK,
        clip_uid=UUID(int=2),
        project="kitchen",
        name="pour_01",
        source_uri="pour_01.mp4",
        round=1,
        attempt=1,
        policy=Policy(tolerance_max_ms=120).model_dump(mode="json"),
        taxonomy=LABELS.model_dump(mode="json"),
        timebase=None if timebase is None else timebase.as_json(),
        opinions=list(answers),
    )
    done = check_clip(item, cast(Runtime, None))
    assert isinstance(done, CheckDone)
    return done


def test_a_cap_is_measured_by_the_clips_own_times() -> None:
    # Three frames of 40 ms are within 120 ms; one that stays for two seconds is not.
    near = checked(answer("x", "pour", 5, 15), answer("y", "pour", 8, 15))
    assert near.accepted is not None
    assert [(s["onset"], s["offset"]) for s in near.accepted] == [(6, 15)]
    far = checked(answer("x", "pour", 5, 20), answer("y", "pour", 5, 21))
    assert far.accepted == []
    assert far.comparison is not None
    (dispute,) = Comparison.from_json(far.comparison).disputes
    assert (dispute.kind, dispute.offset_delta) == ("boundary_shift", 1)


def test_answers_without_a_timebase_cannot_be_checked() -> None:
    with pytest.raises(InputError, match="no timebase"):
        checked(answer("x", "pour", 5, 15), answer("y", "pour", 5, 15), timebase=None)


def test_an_older_name_is_accepted_under_the_present_one() -> None:
    done = checked(answer("x", "tip", 5, 15), answer("y", "pour", 5, 15))
    assert done.accepted is not None
    assert [segment["label"] for segment in done.accepted] == ["pour"]
