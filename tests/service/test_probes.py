"""In some clips one draft has a boundary moved, for one person, who is never told."""

from __future__ import annotations

import json

import pytest
from django.db import IntegrityError, transaction

from services.client.payloads import WorkItem
from services.domain.monitoring.probes import Probe
from services.domain.workflow import Stage
from services.tracker.annotations.models import Assignment, Prelabel
from tests import factories
from tests.service.gold import followed, golden, leave, rules, showings
from tests.service.play import Play

pytestmark = pytest.mark.db

DRAFT = factories.segment(100, 200)


def dispatched(play: Play, *draft: dict) -> WorkItem:
    play.register()
    play.report(play.claim_one(Stage.INGEST), factories.ingest_done())
    play.report(play.claim_one(Stage.PRELABEL), factories.prelabel_done(*draft or (DRAFT,)))
    (item,) = (item for item in play.claim(Stage.DISPATCH) if item.prelabel)
    return item


def test_one_seat_gets_a_draft_of_its_own(play: Play) -> None:
    rules(play, probe_share=1, probe_shift_frames=12)
    item = dispatched(play)
    (own,) = (seat.prelabel for seat in item.seats if seat.prelabel is not None)
    (seat,) = Assignment.objects.exclude(probe=None)
    probe = Probe.from_json(seat.probe)
    assert abs(probe.moved_to - probe.frame) == 12
    (moved,) = own
    assert moved[str(probe.side)] == probe.moved_to
    assert DRAFT[str(probe.side)] == probe.frame
    assert item.prelabel == [DRAFT] == Prelabel.objects.get().segments


def test_without_a_share_nothing_is_moved(play: Play) -> None:
    item = dispatched(play)
    assert [seat.prelabel for seat in item.seats] == [None, None]


def test_a_clip_that_shows_no_draft_has_no_probe(play: Play) -> None:
    rules(play, probe_share=1, control_share=1)
    item = dispatched(play)
    assert [seat.shows_prelabel for seat in item.seats] == [False, False]
    assert not Assignment.objects.exclude(probe=None).exists()


def test_a_draft_that_cannot_hide_a_probe_is_left(play: Play) -> None:
    rules(play, probe_share=1)
    item = dispatched(play, factories.segment(0, factories.N_FRAMES))
    assert [seat.prelabel for seat in item.seats] == [None, None]


def test_the_share_is_about_what_the_policy_says(play: Play) -> None:
    rules(play, probe_share=0.3)
    for _ in range(40):
        dispatched(play)
    assert 4 <= Assignment.objects.exclude(probe=None).count() <= 22  # 12 expected


def test_known_clips_carry_probes_too(play: Play) -> None:
    golden(play)
    rules(play, "dot", "eve", gold_share=1, probe_share=1, probe_shift_frames=5)
    leave(play, "ana", "ben")
    followed(play)
    clips = [item.clip_uid for item in showings(play)]
    seats = Assignment.objects.filter(clip__uid__in=clips)
    assert len(clips) == 2
    assert all(seat.probe for seat in seats)


@pytest.mark.parametrize("name", ["ana", "ben", "sam"])
def test_nobody_who_labels_is_told_of_a_probe(play: Play, name: str) -> None:
    rules(play, probe_share=1)
    play.push(dispatched(play))
    http = play.http(name)
    seats = http.get("/api/v1/assignments").json()["results"]
    texts = [json.dumps(seats)]
    texts += [http.get(f"/api/v1/assignments/{seat['uid']}").text for seat in seats]
    for word in ("probe", "draft", "moved_to"):
        assert all(word not in text for text in texts)


def test_a_probe_has_its_draft(play: Play) -> None:
    rules(play, probe_share=1)
    dispatched(play)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.exclude(probe=None).update(draft=None)
