import threading
from collections import deque
from types import SimpleNamespace

import pytest
from prefect import flow

from orchestration import stage as stage_module
from orchestration.runtime import Runtime, use_runtime
from orchestration.stage import StageParams, leases_kept, run_stage, threads, work_one
from services.client.payloads import CheckDone, StageFailed
from services.domain.errors import InputError, TransientError, TransitionError
from services.domain.workflow import Stage
from tests.fakes.tracker import FakeTracker, work_item

DONE = CheckDone(verdicts=[])


@pytest.fixture
def tracker():
    return FakeTracker()


@pytest.fixture
def nudged():
    return []


@pytest.fixture
def parts(tracker, nudged):
    parts = Runtime(
        settings=SimpleNamespace(),
        tracker=tracker,
        store=SimpleNamespace(),
        label_studio=lambda: pytest.fail("no stage here needs Label Studio"),
        nudge=nudged.append,
        worker="test",
    )
    with use_runtime(parts):
        yield parts


def run(work, params=None, **options):
    @flow(name="stage under test", task_runner=threads(2))
    def stage_flow():
        return run_stage(Stage.CHECK, work, params or StageParams(), **options)

    return stage_flow()


@pytest.mark.harness
@pytest.mark.usefixtures("prefect_server")
class TestRunStage:
    def test_it_works_batches_until_nothing_is_due(self, parts, tracker, nudged):
        tracker.items = deque(work_item() for _ in range(5))
        summary = run(lambda item, parts: DONE, StageParams(batch_size=2))
        assert len(tracker.reports) == 5
        assert tracker.n_claims == 4  # 2 + 2 + 1 + none
        assert summary.outcomes == {"in_annotation": 5}
        assert nudged == [Stage.DISPATCH]

    def test_it_stops_at_its_limit_of_batches(self, parts, tracker):
        tracker.items = deque(work_item() for _ in range(5))
        run(lambda item, parts: DONE, StageParams(batch_size=2, max_batches=1))
        assert len(tracker.reports) == 2
        assert len(tracker.items) == 3

    def test_nothing_due_nudges_nobody(self, parts, tracker, nudged):
        summary = run(lambda item, parts: DONE)
        assert str(summary) == "check: nothing was due"
        assert nudged == []

    def test_it_never_nudges_itself(self, parts, tracker, nudged):
        tracker.items, tracker.due = deque([work_item()]), Stage.CHECK
        run(lambda item, parts: DONE)
        assert nudged == []

    def test_one_clip_that_fails_leaves_the_others_alone(self, parts, tracker):
        bad, good = work_item(name="bad"), work_item(name="good")
        tracker.items = deque([bad, good])

        def work(item, parts):
            if item.name == "bad":
                raise ZeroDivisionError("oh")
            return DONE

        summary = run(work)
        assert summary.outcomes == {"in_annotation": 1, "failed": 1}
        assert tracker.reports[good.lease_uid] == DONE
        assert tracker.reports[bad.lease_uid].code == "unexpected"
        assert "ZeroDivisionError: oh" in tracker.reports[bad.lease_uid].detail

    def test_a_batch_is_prepared_before_its_clips_are_worked(self, parts, tracker):
        tracker.items = deque(work_item() for _ in range(3))
        seen = []
        run(
            lambda item, parts: seen.append(item.clip_uid) or DONE,
            prepare=lambda items, parts: seen.append(len(items)),
        )
        assert seen[0] == 3
        assert len(seen) == 4


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            InputError("No proxy.", code="no_proxy"),
            StageFailed(code="no_proxy", detail="No proxy.", transient=False),
        ),
        (
            TransientError("Try later."),
            StageFailed(code="try_again", detail="Try later.", transient=True),
        ),
    ],
)
def test_an_error_raised_on_purpose_is_reported_with_its_code(parts, tracker, error, expected):
    item = work_item()

    def work(item, parts):
        raise error

    assert work_one(item, work) is not None
    assert tracker.reports[item.lease_uid] == expected


def test_an_unexpected_error_is_reported_and_still_seen(parts, tracker):
    item = work_item()

    def work(item, parts):
        raise ZeroDivisionError("oh")

    with pytest.raises(ZeroDivisionError):
        work_one(item, work)
    assert tracker.reports[item.lease_uid].transient


@pytest.mark.parametrize(
    ("refusal", "transient"),
    [
        (InputError("No such seat.", code="no_seat"), False),
        (TransitionError("A clip that is accepted cannot be checked.", code="moved"), True),
    ],
)
def test_a_report_that_is_refused_ends_the_lease_as_a_failure(
    parts, tracker, monkeypatch, refusal, transient
):
    item, take = work_item(), tracker.work_report

    def picky(lease_uid, report):
        if report == DONE:
            raise refusal
        return take(lease_uid, report)

    monkeypatch.setattr(tracker, "work_report", picky)
    assert work_one(item, lambda item, parts: DONE) is not None
    expected = StageFailed(code=refusal.code, detail=refusal.detail, transient=transient)
    assert tracker.reports == {item.lease_uid: expected}


def test_a_lost_lease_ends_the_clip_quietly(parts, tracker):
    item = work_item()
    tracker.lost.add(item.lease_uid)
    assert work_one(item, lambda item, parts: DONE) is None
    assert tracker.reports == {}


def test_leases_are_renewed_while_the_batch_is_worked(parts, tracker, monkeypatch):
    kept, lost = work_item(), work_item()
    tracker.lost.add(lost.lease_uid)
    twice = threading.Event()
    beat = tracker.work_heartbeat

    def counted(lease_uid):
        if tracker.beats.count(kept.lease_uid) >= 2:
            twice.set()
        beat(lease_uid)

    monkeypatch.setattr(tracker, "work_heartbeat", counted)
    monkeypatch.setattr(stage_module, "BEATS_A_LEASE", 200)
    with leases_kept(parts, [kept, lost]):
        assert twice.wait(10)
    assert tracker.beats.count(lost.lease_uid) == 1
    assert threading.active_count() < 50
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]
