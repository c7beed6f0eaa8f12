"""Accepted clips become gold, and known clips go among people's work and come back scored."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from services.client.payloads import CheckDone, StageFailed
from services.domain.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
)
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import ClipPurpose, Stage
from services.tracker.annotations.models import Assignment, Prelabel
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip, Media
from services.tracker.gold.models import Gold, Score, Showing
from services.tracker.monitoring.models import Measurement, PersonSums
from services.tracker.quality.models import Decision
from tests import factories
from tests.service.gold import (
    answer_known,
    checked,
    followed,
    golden,
    leave,
    open_seat,
    rules,
    score,
    seats_open,
    shadow,
    showings,
    waits_end,
)
from tests.service.play import Play

pytestmark = pytest.mark.db


@pytest.fixture
def honeypot(play: Play) -> UUID:
    """A shadow clip of ana and ben's clip, for dot or eve."""
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    return showings(play)[0].clip_uid


# --- promotion ---------------------------------------------------------------------------------


def test_an_accepted_clip_becomes_gold_once(play: Play) -> None:
    clip = play.accepted()
    made = play["lea"].gold_promote("kitchen", clip, note="clear as day")
    assert (made.clip_uid, made.status, made.is_fit) == (clip, "agreed", True)
    assert (made.promoted_by, made.note, made.n_shown) == ("lea", "clear as day", 0)
    assert play["lea"].gold_promote("kitchen", clip, note="again") == made
    assert list(play["lea"].gold("kitchen")) == [made]
    http = play.http("lea")
    again = http.post("/api/v1/projects/kitchen/gold", json={"clip_uid": str(clip)})
    assert again.status_code == 200


def test_only_what_is_accepted_becomes_gold(play: Play) -> None:
    with pytest.raises(ConflictError) as caught:
        play["lea"].gold_promote("kitchen", play.in_annotation())
    assert caught.value.code == "not_accepted"


@pytest.mark.parametrize("name", ["ana", "sam", "cleo", "wren"])
def test_only_managers_make_and_withdraw_gold(play: Play, name: str) -> None:
    (made,) = golden(play)
    with pytest.raises(NotAllowedError):
        play[name].gold_promote("kitchen", made.clip_uid)
    with pytest.raises(NotAllowedError):
        play[name].gold_withdraw(made.uid)
    assert Gold.objects.get().withdrawn_at is None


def test_what_is_not_there_is_not_found(play: Play) -> None:
    (made,) = golden(play)
    for call in (
        lambda: play["lea"].gold_promote("kitchen", uuid4()),
        lambda: play["lea"].gold_promote("nowhere", made.clip_uid),
        lambda: play["kim"].gold_promote("garage", made.clip_uid),
        lambda: play["kim"].gold_promote("kitchen", made.clip_uid),
        lambda: play["kim"].gold_withdraw(made.uid),
        lambda: play["lea"].gold_withdraw(uuid4()),
    ):
        with pytest.raises(NotFoundError):
            call()


@pytest.mark.parametrize("name", ["ana", "sam", "cleo", "kim"])
def test_nobody_else_learns_that_there_is_gold(play: Play, name: str) -> None:
    golden(play)
    with pytest.raises(NotFoundError):
        list(play[name].gold("kitchen"))
    with pytest.raises(NotFoundError):
        list(play[name].showings("kitchen"))


@pytest.mark.parametrize(
    "body", [{}, {"clip_uid": "x"}, {"clip_uid": str(uuid4()), "note": 7 * [1]}]
)
def test_bad_input_is_refused(play: Play, body: dict[str, Any]) -> None:
    answer = play.http("lea").post("/api/v1/projects/kitchen/gold", json=body)
    assert answer.status_code == 422
    query = play.http("lea").get("/api/v1/projects/kitchen/showings?purpose=work")
    assert query.status_code == 422


def test_withdrawn_gold_is_shown_to_nobody_and_stays_on_record(play: Play) -> None:
    (made,) = golden(play)
    gone = play["lea"].gold_withdraw(made.uid, note="the arbiter was wrong")
    assert (gone.is_fit, gone.withdrawn_by) == (False, "lea")
    assert gone.withdrawn_note == "the arbiter was wrong"
    assert play["lea"].gold_withdraw(made.uid, note="again") == gone
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    assert showings(play) == []


def test_withdrawn_gold_may_be_promoted_again(play: Play) -> None:
    (made,) = golden(play)
    play["lea"].gold_withdraw(made.uid)
    again = play["lea"].gold_promote("kitchen", made.clip_uid)
    assert again.uid != made.uid
    assert again.is_fit


@pytest.mark.parametrize(
    ("source", "agreed", "arbitrated"),
    [("manager", 0, 0), ("arbitrated", 0, 1), ("accepted", 1, 1)],
)
def test_the_policy_says_what_becomes_gold_by_itself(
    play: Play, source: str, agreed: int, arbitrated: int
) -> None:
    rules(play, gold_source=source)
    play.accepted()
    assert Gold.objects.count() == agreed
    play.in_arbitration()
    play["wren"].annotation_submit(
        Assignment.objects.get(kind="arbitration").uid, factories.submission(verdict="accept")
    )
    item = play.claim_one(Stage.CHECK)
    report = CheckDone(
        verdicts=[factories.verdict(item.opinions[2].annotation_uid)],
        accepted=[factories.segment(5, 9)],
    )
    play.report(item, report)
    assert Gold.objects.count() == agreed + arbitrated
    assert set(Gold.objects.values_list("promoted_by", flat=True)) <= {"policy"}


# --- who gets what -----------------------------------------------------------------------------


def test_a_known_clip_follows_each_seat_at_a_share_of_one(play: Play) -> None:
    golden(play, 3)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    shown = showings(play, purpose="honeypot")
    assert {item.username for item in shown} == {"dot", "eve"}
    assert {item.seat_state for item in shown} == {"planned"}
    assert {item.agreement for item in shown} == {None}


def test_nothing_is_shown_at_a_share_of_none(play: Play) -> None:
    golden(play, 3)
    rules(play, "dot", "eve", gold_share=0)
    leave(play, "ana", "ben")
    followed(play)
    assert showings(play) == []


def test_the_share_is_about_what_the_policy_says(play: Play) -> None:
    golden(play, 20)
    rules(play, "dot", "eve", gold_share=0.25)
    leave(play, "ana", "ben")
    for _ in range(30):
        followed(play)
    assert 5 <= len(showings(play)) <= 27  # of 60 seats; 15 expected


def test_nobody_is_shown_a_clip_that_he_labelled_or_arbitrated(play: Play) -> None:
    golden(play, 2)
    rules(play, gold_share=1)
    followed(play)
    assert showings(play) == []


def test_nobody_is_shown_a_clip_twice_even_as_other_gold(play: Play) -> None:
    (made,) = golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    play["lea"].gold_withdraw(made.uid)
    play["lea"].gold_promote("kitchen", made.clip_uid)
    followed(play)
    assert sorted(item.username for item in showings(play)) == ["dot", "eve"]


def test_gold_is_for_the_labels_that_it_was_made_with(play: Play) -> None:
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    members = {"dot": "annotator", "eve": "annotator", "sam": "arbiter"}
    play["lea"].project_apply(
        "kitchen",
        factories.project_in(
            members,
            policy=factories.policy_document(gold_share=1),
            taxonomy=factories.taxonomy_document(version=2, labels=("pour", "stir", "wipe")),
        ),
    )
    for name in ("dot", "eve"):
        lane = factories.lane_in(name, taxonomy_version=2)
        play.lanes[name, "annotation"] = play["wren"].lane_put(lane)
    followed(play)
    assert showings(play) == []


def test_gold_whose_clip_is_under_way_again_is_not_shown(play: Play) -> None:
    (made,) = golden(play)
    play["lea"].clip_reopen(made.clip_uid)
    assert [item.is_fit for item in play["lea"].gold("kitchen")] == [False]
    rules(play, "dot", "eve", gold_share=1)
    followed(play)
    assert showings(play) == []


@pytest.mark.parametrize(("onset", "stands"), [(10, True), (11, False)])
def test_gold_stands_when_its_clip_is_decided_alike_again(
    play: Play, onset: int, stands: bool
) -> None:
    (made,) = golden(play)
    play["lea"].clip_reopen(made.clip_uid)
    seats_open(play)
    play.answer_all(made.clip_uid)
    item = play.claim_one(Stage.CHECK)
    report = factories.agreed(*play.answers(item))
    report = report.model_copy(update={"accepted": [factories.segment(onset)]})
    play.report(item, report)
    (again,) = play["lea"].gold("kitchen")
    assert again.is_fit is stands
    assert (play["lea"].gold_promote("kitchen", made.clip_uid).uid == made.uid) is stands


def test_who_met_a_clip_as_a_honeypot_never_sits_on_it(play: Play, honeypot: UUID) -> None:
    """The clip is reopened: dot and eve have met it, so it waits for people who are new to it."""
    source = Showing.objects.get(clip__uid=honeypot).source
    play["lea"].clip_reopen(source.uid)
    assert not Assignment.objects.filter(clip=source, round=2).exists()
    held = play.clip(source.uid)
    assert held.held
    assert held.reason is not None
    assert held.reason["code"] == "too_few_annotators"
    assert "2 of whom met this clip as a known one" in held.reason["detail"]
    rules(play, "fran", "gus")
    assert not play.clip(source.uid).held
    play.claim(Stage.DISPATCH)
    seats = Assignment.objects.filter(clip=source, round=2)
    assert set(seats.values_list("user__username", flat=True)) == {"fran", "gus"}


def test_a_corpus_that_was_there_before_any_gold_is_followed_too(play: Play) -> None:
    rules(play, "dot", "eve", gold_share=1, gold_source="accepted")
    clips = [play.prelabelled() for _ in range(8)]
    for item in play.claim(Stage.DISPATCH):
        play.push(item)
    for half in (clips[:4], clips[4:]):
        for seat in Assignment.objects.filter(clip__uid__in=half):
            play["wren"].annotation_submit(seat.uid, factories.submission())
        for item in play.claim(Stage.CHECK):
            play.report(item, factories.agreed(*play.answers(item)))
    assert Gold.objects.count() == 8
    shown = Showing.objects.values_list("source", "user")
    assert 0 < len(shown) <= 8  # of the eight seats that were answered when there was gold
    assert len(set(shown)) == len(shown)


def test_a_seat_is_followed_once_however_often_it_is_answered(play: Play) -> None:
    golden(play, 4)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    clip = followed(play)
    for seat in Assignment.objects.filter(clip__uid=clip):
        play["wren"].annotation_submit(seat.uid, factories.submission(after_s=60))
    assert sorted(item.username for item in showings(play)) == ["dot", "eve"]


def test_nobody_gets_a_known_clip_who_gets_no_work(play: Play) -> None:
    golden(play)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    clip = play.in_annotation()
    play["lea"].standing_change("kitchen", "dot", AnnotatorStanding.PAUSED)
    for name in ("dot", "eve"):
        play.answer(clip, name)
    assert [item.username for item in showings(play)] == ["eve"]


def test_the_answer_to_a_known_clip_is_followed_by_none(play: Play) -> None:
    golden(play, 3)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    followed(play)
    seats_open(play)
    for item in showings(play):
        answer_known(play, item.clip_uid)
    assert len(showings(play)) == 2


# --- the shadow clip ---------------------------------------------------------------------------


def test_a_shadow_clip_is_its_sources_likeness(play: Play, honeypot: UUID) -> None:
    clip = shadow(honeypot)
    source = clip.showing.source
    same = ("name", "source_uri", "sha256", "n_frames", "rate", "taxonomy_id", "project_id")
    assert [getattr(clip, n) for n in same] == [getattr(source, n) for n in same]
    assert (clip.purpose, clip.state, clip.round) == ("honeypot", "prelabelled", 1)
    own, its = (Media.objects.get(clip=one) for one in (clip, source))
    kept = (
        *("timebase", "proxy_key", "proxy_sha256", "proxy_bytes", "width", "height", "probe"),
        *("hints", "strip_key"),
    )
    assert [getattr(own, name) for name in kept] == [getattr(its, name) for name in kept]
    drafts = [Prelabel.objects.get(clip=c) for c in (clip, source)]
    assert drafts[0].segments == drafts[1].segments
    assert Assignment.objects.get(clip=clip).kind == "annotation"
    told = history_verify(clip_uid=clip.uid, events=clip.events.order_by("seq"))
    assert told == ("prelabelled", 1, clip.head)


def test_an_answer_to_a_known_clip_is_scored(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    annotation = answer_known(play, honeypot, factories.submitted(12, 50))
    (item,) = (item for item in play.claim(Stage.CHECK) if item.clip_uid == honeypot)
    assert item.gold == Decision.objects.get().segments
    done = play.report(item, checked(item))
    assert (done.state, done.due) == ("scored", None)
    (shown,) = (one for one in showings(play) if one.clip_uid == honeypot)
    assert (shown.agreement, shown.seat_state) == (1.0, "closed")
    assert shown.annotation_uid == annotation
    measured = Measurement.objects.get(annotation__uid=annotation)
    assert (measured.reference, measured.document) == ("gold", shown.comparison)
    clip = shadow(honeypot)
    told = history_verify(clip_uid=clip.uid, events=clip.events.order_by("seq"))
    assert told == ("scored", 1, clip.head)
    assert not Decision.objects.filter(clip=clip).exists()


def test_gold_is_side_a_of_the_comparison(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    score(play, honeypot, factories.submitted(30, 50))
    (shown,) = (one for one in showings(play) if one.clip_uid == honeypot)
    assert shown.agreement == 0.0
    assert shown.comparison is not None
    (dispute,) = shown.comparison["disputes"]
    assert dispute["onset_delta"] == 20  # the answer comes late


def test_an_unsound_answer_comes_back_first(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    uid = answer_known(play, honeypot)
    (item,) = (item for item in play.claim(Stage.CHECK) if item.clip_uid == honeypot)
    report = CheckDone(verdicts=[factories.verdict(uid, passed=False)])
    assert play.report(item, report).due == "dispatch"
    seats_open(play)
    answer_known(play, honeypot, after_s=60)
    (item,) = (item for item in play.claim(Stage.CHECK) if item.clip_uid == honeypot)
    assert play.report(item, checked(item)).state == "scored"


def test_a_score_needs_its_comparison(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    uid = answer_known(play, honeypot)
    (item,) = (item for item in play.claim(Stage.CHECK) if item.clip_uid == honeypot)
    with pytest.raises(InputError) as caught:
        play.report(item, CheckDone(verdicts=[factories.verdict(uid)]))
    assert caught.value.errors[0]["pointer"] == "/comparison"
    assert shadow(honeypot).state == "in_annotation"
    assert not Score.objects.exists()


def test_a_repeated_report_scores_once(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    answer_known(play, honeypot)
    (item,) = (item for item in play.claim(Stage.CHECK) if item.clip_uid == honeypot)
    first = play.report(item, checked(item))
    again = play.report(item, checked(item))
    assert again == first.model_copy(update={"repeated": True})
    assert Score.objects.count() == 1


def test_an_answer_to_withdrawn_gold_measures_nobody(play: Play, honeypot: UUID) -> None:
    (made,) = play["lea"].gold("kitchen")
    play["lea"].gold_withdraw(made.uid)
    seats_open(play)
    score(play, honeypot)
    assert not Measurement.objects.filter(reference="gold").exists()


def test_an_answer_to_gold_whose_clip_is_under_way_again_measures_nobody(
    play: Play, honeypot: UUID
) -> None:
    seats_open(play)
    play["lea"].clip_reopen(shadow(honeypot).showing.source.uid)
    score(play, honeypot, factories.submitted(12, 48))
    assert Score.objects.count() == 1
    assert not Measurement.objects.filter(reference="gold").exists()


@pytest.mark.parametrize(("onset", "stands"), [(10, True), (11, False)])
def test_what_was_measured_by_gold_ends_when_its_clip_is_decided_otherwise(
    play: Play, honeypot: UUID, onset: int, stands: bool
) -> None:
    seats_open(play)
    score(play, honeypot)
    source = shadow(honeypot).showing.source.uid
    rules(play, "fran", "gus")
    play["lea"].clip_reopen(source)
    seats_open(play)
    for name in ("fran", "gus"):
        play.answer(source, name)
    (item,) = (item for item in play.claim(Stage.CHECK) if item.clip_uid == source)
    report = factories.agreed(*play.answers(item))
    report = report.model_copy(update={"accepted": [factories.segment(onset)]})
    play.report(item, report)
    (gold,) = play["lea"].gold("kitchen")
    assert gold.is_fit is stands
    note = "" if stands else "Round 2 was decided otherwise."
    assert (gold.withdrawn_by, gold.withdrawn_note) == (None if stands else "decision", note)
    assert PersonSums.objects.filter(reference="gold", n_clips__gt=0).exists() is stands


def test_an_edit_after_the_score_changes_nothing(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    score(play, honeypot)
    edit = factories.submission(factories.submitted(1, 2), after_s=900)
    taken = play["wren"].annotation_submit(open_seat(honeypot), edit)
    assert taken.status == "late"
    assert shadow(honeypot).state == "scored"


def test_a_honeypot_does_not_come_together_with_the_work_it_follows(play: Play) -> None:
    golden(play, 12)
    rules(play, "dot", "eve", gold_share=1)
    leave(play, "ana", "ben")
    for _ in range(12):
        followed(play)
    shadows = Clip.objects.filter(purpose="honeypot")
    waits = [(clip.due_at - clip.created_at).total_seconds() for clip in shadows]
    assert len(waits) == 24
    assert all(0 <= wait < 1800 for wait in waits)
    assert min(waits) < 600
    assert max(waits) > 1200
    assert len(set(waits)) == 24


# --- shadow clips are no clips -------------------------------------------------------------------


def test_shadow_clips_are_in_no_list_and_no_count(play: Play, honeypot: UUID) -> None:
    lea = play["lea"]
    before = lea.project_status("kitchen")
    assert sum(before.states.values()) == 2  # the source and the one that dot and eve label
    assert sum(before.seats.values()) == 4
    uids = {clip.uid for clip in lea.clips("kitchen")}
    assert honeypot not in uids
    assert len(uids) == 2
    assert {clip.uid for clip in lea.clips("kitchen", purpose=ClipPurpose.HONEYPOT)} >= {honeypot}
    assert len(list(lea.clips("kitchen", purpose="any"))) == 2 + len(showings(play))
    seats_open(play)
    score(play, honeypot)
    after = lea.project_status("kitchen")
    assert "scored" not in after.states
    assert sum(after.states.values()) == 2


def test_machines_are_told_of_work_on_shadow_clips(play: Play, honeypot: UUID) -> None:
    n_shadows = len(showings(play))
    assert play["lea"].project_status("kitchen").due == {"check": 1, "dispatch": n_shadows}
    waits_end()
    assert play["lea"].project_status("kitchen").claimable == {"check": 1, "dispatch": n_shadows}


def test_a_release_holds_no_shadow_clip(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    score(play, honeypot)
    release = play["wren"].release_create("kitchen", "1.0")
    source = shadow(honeypot).showing.source.uid
    assert [clip.clip_uid for clip in play["wren"].release_clips(release.uid)] == [source]
    with pytest.raises(ConflictError):
        play["wren"].release_create("kitchen", "1.1", clips=[honeypot])


def test_registering_the_source_again_finds_the_clip_not_its_shadow(
    play: Play, honeypot: UUID
) -> None:
    source = shadow(honeypot).showing.source
    clip = factories.clip_in(source.name).model_copy(update={"source_uri": source.source_uri})
    (known,) = play["wren"].clips_register("kitchen", [clip])
    assert (known.uid, known.created) == (source.uid, False)
    play.register("twin.mp4")
    (item,) = play.claim(Stage.INGEST)
    report = factories.ingest_done().model_copy(update={"sha256": source.sha256})
    assert play.report(item, report).state == "quarantined"
    assert str(source.uid) in play.clip(item.clip_uid).reason["detail"]  # type: ignore[index]


def test_a_shadow_clip_is_never_gold_nor_reopened(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    score(play, honeypot)
    with pytest.raises(NotFoundError):
        play["lea"].gold_promote("kitchen", honeypot)
    with pytest.raises(ConflictError):
        play["lea"].clip_reopen(honeypot)


def test_a_stuck_shadow_clip_is_found_and_freed(play: Play, honeypot: UUID) -> None:
    waits_end()
    for item in play.claim(Stage.DISPATCH):
        play.report(item, StageFailed(code="no_lane", detail="None.", transient=False))
    assert play["lea"].project_status("kitchen").held == len(showings(play))
    assert not play["lea"].clip_retry(honeypot).held


# --- the database's own word ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE clips_clip SET state = 'scored' WHERE purpose = 'work'",
        "UPDATE clips_clip SET state = 'accepted' WHERE purpose = 'honeypot'",
        "UPDATE clips_clip SET purpose = 'work' WHERE purpose = 'honeypot'",
        "UPDATE clips_clip SET gold_id = NULL WHERE purpose = 'honeypot'",
        "UPDATE gold_gold SET note = 'x'",
        "UPDATE gold_gold SET withdrawn_at = now()",
        "DELETE FROM gold_gold",
        "UPDATE gold_showing SET purpose = 'honeypot'",
        "DELETE FROM gold_showing",
        "INSERT INTO gold_showing (uid, gold_id, source_id, user_id, clip_id, purpose, planned_at) "
        "SELECT gen_random_uuid(), gold_id, source_id, user_id, clip_id + 1, purpose, now() "
        "FROM gold_showing LIMIT 1",
    ],
)
def test_the_database_refuses(play: Play, honeypot: UUID, sql: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_withdrawn_gold_stays_withdrawn(play: Play) -> None:
    (made,) = golden(play)
    play["lea"].gold_withdraw(made.uid)
    with pytest.raises(IntegrityError), transaction.atomic():
        Gold.objects.update(withdrawn_at=None, withdrawn_by=None)


def test_scores_are_append_only(play: Play, honeypot: UUID) -> None:
    seats_open(play)
    score(play, honeypot)
    with pytest.raises(IntegrityError), transaction.atomic():
        Score.objects.update(comparison={})
