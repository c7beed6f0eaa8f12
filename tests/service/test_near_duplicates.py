"""Clips that show the same events: found without a lock, told to staff, and to nobody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from services.client.payloads import IngestDone
from services.domain.errors import InputError, NotAllowedError, NotFoundError
from services.domain.fingerprint import SAMPLE, Fingerprint
from services.domain.workflow import Stage
from services.tracker.clips.models import Clip
from services.tracker.duplicates import services
from services.tracker.duplicates.models import CoarseWord, Footprint, NearDuplicate
from services.tracker.projects.models import Project
from tests import factories
from tests.service.gold import followed, golden, leave, rules
from tests.service.play import Play

pytestmark = pytest.mark.db


def video(seed: int, n: int = 60) -> Fingerprint:
    """Return the beginning of a video, the same whatever its length."""
    random = np.random.default_rng(seed)
    made = np.zeros(100, dtype=SAMPLE)
    for name in ("look", "change"):
        made[name] = random.integers(0, 2**63, 100, dtype=np.uint64) << np.uint64(1)
    made["energy"] = random.integers(5, 80, 100)
    return Fingerprint(data=made[:n].tobytes())


def later(whole: Fingerprint, n_samples: int) -> Fingerprint:
    return Fingerprint(data=whole.data[n_samples * SAMPLE.itemsize :])


def ingest(play: Play, fingerprint: Fingerprint | None, **more: Any) -> UUID:
    (uid,) = play.register()
    play.report(
        play.claim_one(Stage.INGEST), factories.ingest_done(fingerprint=fingerprint, **more)
    )
    return uid


def test_near_duplicates_are_flagged_and_not_refused(play: Play) -> None:
    whole, stranger = ingest(play, video(1)), ingest(play, video(2))
    part = ingest(play, later(video(1), 20))
    turn = play["wren"].near_duplicates_find("kitchen")
    assert (turn.n_compared, turn.n_found, turn.n_left) == (3, 1, 0)
    (pair,) = play["lea"].near_duplicates("kitchen")
    assert (pair.clip_uid, pair.other_uid) == (whole, part)
    assert (pair.distance, pair.shift_s, pair.overlap_s) == (0, 5, 10)
    assert play.clip(part).state == "ingested"
    (seen,) = play["lea"].clip_near_duplicates(part)
    assert (seen.clip_uid, seen.other_uid, seen.shift_s) == (part, whole, -5)
    assert list(play["lea"].clip_near_duplicates(stranger)) == []


def test_a_clip_is_compared_once(play: Play) -> None:
    ingest(play, video(1))
    ingest(play, video(1, 61))
    assert play["wren"].near_duplicates_find("kitchen").n_found == 1
    again = play["wren"].near_duplicates_find("kitchen")
    assert (again.n_compared, again.n_found, again.n_left) == (0, 0, 0)
    assert NearDuplicate.objects.count() == 1


def test_other_projects_are_not_compared(play: Play) -> None:
    ingest(play, video(1))
    play["kim"].clips_register("garage", [factories.clip_in()])
    (item,) = play.claim(Stage.INGEST, project="garage")
    play.report(item, factories.ingest_done(fingerprint=video(1)))
    for slug in ("kitchen", "garage"):
        assert play["wren"].near_duplicates_find(slug).n_found == 0


def test_a_clip_without_a_fingerprint_is_left_alone(play: Play) -> None:
    ingest(play, None)
    assert play["wren"].near_duplicates_find("kitchen").n_compared == 0


@pytest.mark.parametrize("name", ["ana", "sam", "cleo"])
def test_nobody_who_labels_learns_of_it(play: Play, name: str) -> None:
    uid = ingest(play, video(1))
    for call in (
        lambda: list(play[name].near_duplicates("kitchen")),
        lambda: list(play[name].clip_near_duplicates(uid)),
        lambda: play[name].near_duplicates_find("kitchen"),
    ):
        with pytest.raises(NotAllowedError):
            call()


def test_another_projects_manager_sees_none(play: Play) -> None:
    uid = ingest(play, video(1))
    with pytest.raises(NotFoundError):
        list(play["kim"].near_duplicates("kitchen"))
    with pytest.raises(NotFoundError):
        list(play["kim"].clip_near_duplicates(uid))


def test_a_shadow_clip_is_compared_with_nobody(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows its source's very pictures, and nothing that compares may find it."""
    plain = factories.ingest_done
    videos = iter([video(n) for n in range(9)])
    monkeypatch.setattr(factories, "ingest_done", lambda: plain(fingerprint=next(videos)))
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    assert Clip.objects.exclude(purpose="work").exists()
    assert Footprint.objects.count() == Clip.objects.filter(purpose="work").count()
    assert not Footprint.objects.exclude(clip__purpose="work").exists()
    assert not CoarseWord.objects.exclude(clip__purpose="work").exists()
    assert play["wren"].near_duplicates_find("kitchen").n_found == 0


def test_what_a_turn_costs_does_not_grow_with_the_clips(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MOST_COMPARED", 2)
    for n in range(4):
        ingest(play, video(1, 60 + n))
    project = Project.objects.get(slug="kitchen")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        services.near_duplicates_find(project=project)
    # Each looks at the two likeliest, however many are alike.
    assert 3 <= NearDuplicate.objects.count() <= 6
    assert not [query for query in captured if 'clips_clip" SET' in query["sql"]]


def test_a_turn_ends_when_its_time_is_up(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(2):
        ingest(play, video(n))
    monkeypatch.setattr(services, "TURN_S", 0.0)
    turn = play["wren"].near_duplicates_find("kitchen")
    assert (turn.n_compared, turn.n_left) == (0, 2)


def test_hints_of_another_clip_are_refused(play: Play) -> None:
    def report(**changed: Any) -> IngestDone:
        return factories.ingest_done().model_copy(update=changed)

    play.register()
    item = play.claim_one(Stage.INGEST)
    for wrong in (
        report(hints=factories.hints(299).as_json()),
        report(hints={"shots": []}),
        report(fingerprint={"version": 1, "samples": "AAAA"}),
    ):
        with pytest.raises(InputError):
            play.report(item, wrong)
    play.report(item, report())


def test_dispatch_is_told_what_the_strip_shows(play: Play) -> None:
    done = factories.ingest_done()
    play.register()
    play.report(play.claim_one(Stage.INGEST), done)
    (draft,) = play.claim(Stage.PRELABEL)
    assert (draft.hints, draft.strip_key) == (None, None)
    play.report(draft, factories.prelabel_done())
    (item,) = play.claim(Stage.DISPATCH)
    assert (item.hints, item.strip_key) == (done.hints, done.strip_key)
