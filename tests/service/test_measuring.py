"""What people's answers add up to: each counted once, whoever reports at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models import F

from services.client.payloads import CheckDone, WorkItem
from services.domain.comparison.disputes import Comparison
from services.domain.workflow import Stage
from services.tracker.annotations.models import Assignment
from services.tracker.monitoring.counting import ALL_SUMS
from services.tracker.monitoring.models import (
    ConfusionSums,
    DayAgreement,
    LabelAgreement,
    Measurement,
    PairAgreement,
    PersonSums,
    SeatSums,
)
from services.tracker.monitoring.services import measurement_record
from tests import factories
from tests.service.gold import followed, golden, leave, score, seats_open, showings
from tests.service.gold import rules as policy_for_gold
from tests.service.measuring import gold_measured, round_ended, rules
from tests.service.play import Play

pytestmark = pytest.mark.db


def test_two_opinions_add_up_by_label_pair_and_day(play: Play) -> None:
    pour, late = factories.segment(10, 50), factories.segment(14, 50)
    stir, alone = factories.segment(60, 90, "stir"), factories.segment(200, 220, "stir")
    round_ended(play, [pour, stir], [late, stir, alone])
    round_ended(play, [pour], [pour])
    rows = {row.label: row for row in LabelAgreement.objects.all()}
    assert set(rows) == {"pour", "stir"}
    p = rows["pour"]
    assert (p.n_clips, p.n_segments, p.n_agreed, p.n_shifted) == (2, 4, 2, 2)
    assert (p.n_pairs, p.onset_frames, p.offset_frames) == (2, 4, 0)
    assert (p.segments_squared, p.agreed_squared, p.segments_by_agreed) == (8, 4, 4)
    s = rows["stir"]
    assert (s.n_clips, s.n_segments, s.n_agreed, s.n_alone) == (1, 3, 2, 1)
    for row in (PairAgreement.objects.get(), DayAgreement.objects.get()):
        assert (row.n_clips, row.n_segments, row.n_agreed) == (2, 7, 4)
        assert row.segments_squared == 5 * 5 + 2 * 2


def test_a_persons_time_is_counted_once_a_round(play: Play) -> None:
    round_ended(play, [factories.segment()], [factories.segment()])
    times = {row.user.username: row for row in SeatSums.objects.all()}
    assert {name: row.time_total_ms for name, row in times.items()} == {
        "ana": 60_000,
        "ben": 240_000,
    }
    assert all(row.time_n == 1 for row in times.values())


def test_an_answer_is_measured_against_gold_once(play: Play) -> None:
    gold, late = [factories.segment(10, 50)], [factories.segment(12, 53)]
    measured = gold_measured(play, "ana", gold, late)
    again = measurement_record(
        clip=measured.clip,
        annotation=measured.annotation,
        comparison=Comparison.from_json(measured.document),
        reference="gold",
    )
    assert again.pk == measured.pk
    row = PersonSums.objects.get()
    assert (row.user.username, row.reference, row.label) == ("ana", "gold", "pour")
    assert (row.n_clips, row.n_reference, row.n_agreed) == (1, 1, 1)
    assert (row.onset_total, row.offset_total, row.offset_squares) == (2, 3, 9)
    assert (row.tally.onset.histogram, row.tally.offset.histogram) == (((2, 1),), ((3, 1),))


def test_histograms_add_up_bin_by_bin(play: Play) -> None:
    for onset in (11, 12, 12):
        gold_measured(play, "ana", [factories.segment(10, 50)], [factories.segment(onset, 50)])
    tally = PersonSums.objects.get().tally
    assert tally.onset.histogram == ((1, 1), (2, 2))
    assert tally.offset.histogram == ((0, 3),)


def test_labels_mixed_up_are_counted_by_pair(play: Play) -> None:
    gold = [factories.segment(10, 50, "pour"), factories.segment(60, 90, "stir")]
    answer = [factories.segment(10, 50, "stir"), factories.segment(100, 120, "pour")]
    gold_measured(play, "ana", gold, answer)
    cells = {
        (row.reference_label, row.answered_label): row.n for row in ConfusionSums.objects.all()
    }
    assert cells == {("pour", "stir"): 1, ("stir", ""): 1, ("", "pour"): 1}


def test_an_arbitration_measures_both_opinions(play: Play) -> None:
    clip = play.in_arbitration()  # x: [10, 50), y: [100, 200)
    play.answer(clip, "sam", verdict="accept")
    item = play.claim_one(Stage.CHECK)
    sam = next(o.annotation_uid for o in item.opinions if o.opinion == "arbiter")
    play.report(
        item, CheckDone(verdicts=[factories.verdict(sam)], accepted=[factories.segment(10, 50)])
    )
    assert {row.reference for row in Measurement.objects.all()} == {"arbitration"}
    found = {row.n_agreed: (row.n_missed, row.n_extra) for row in PersonSums.objects.all()}
    assert found == {1: (0, 0), 0: (1, 1)}
    assert {row.user.username for row in PersonSums.objects.all()} == {"ana", "ben"}


@pytest.mark.parametrize("verdict", ["reopen", "reject"])
def test_a_verdict_without_segments_measures_nobody(play: Play, verdict: str) -> None:
    clip = play.in_arbitration()
    play.answer(clip, "sam", verdict=verdict)
    item = play.claim_one(Stage.CHECK)
    sam = next(o.annotation_uid for o in item.opinions if o.opinion == "arbiter")
    play.report(item, CheckDone(verdicts=[factories.verdict(sam)]))
    assert not Measurement.objects.exists()


# --- drafts --------------------------------------------------------------------------------------


def test_what_was_kept_of_a_draft_is_known_once_the_round_is_decided(play: Play) -> None:
    # The draft is [10, 50): one boundary stays as it was, by ana and by ben.
    round_ended(play, [factories.segment(10, 53)], [factories.segment(10, 52)])
    for row in SeatSums.objects.all():
        assert row.with_draft
        assert (row.draft.n_boundaries, row.draft.n_untouched) == (2, 1)
        assert (row.draft.n_flawed, row.draft.n_flaws_kept) == (0, 0)


def test_a_disputed_round_tells_of_drafts_when_the_arbiter_has_spoken(play: Play) -> None:
    clip = play.in_arbitration()  # x: [10, 50) as in the draft, y: [100, 200)
    assert {row.draft.n_boundaries for row in SeatSums.objects.all()} == {0}
    play.answer(clip, "sam", verdict="accept")
    item = play.claim_one(Stage.CHECK)
    sam = next(o.annotation_uid for o in item.opinions if o.opinion == "arbiter")
    accepted = [factories.segment(100, 200)]
    play.report(item, CheckDone(verdicts=[factories.verdict(sam)], accepted=accepted))
    flaws = sorted((row.draft.n_flawed, row.draft.n_flaws_kept) for row in SeatSums.objects.all())
    assert flaws == [(2, 0), (2, 2)]


def test_a_clip_without_a_draft_is_counted_apart(play: Play) -> None:
    rules(play, control_share=1.0)
    round_ended(play, [factories.segment()], [factories.segment()])
    assert {row.with_draft for row in LabelAgreement.objects.all()} == {False}
    assert {(row.with_draft, row.draft.n_boundaries) for row in SeatSums.objects.all()} == {
        (False, 0)
    }


def test_a_probe_is_noticed_or_not(play: Play) -> None:
    rules(play, probe_share=1.0)
    clip = play.in_annotation()
    seat = Assignment.objects.get(probe__isnull=False)
    moved = seat.draft[0]
    for name in ("ana", "ben"):
        play.answer(clip, name)
    item = play.claim_one(Stage.CHECK)
    of_seat = {o.assignment_uid: o for o in item.opinions}
    sides = [
        moved if o.assignment_uid == seat.uid else factories.segment(10, 50)
        for o in of_seat.values()
    ]
    x, y = play.answers(item)
    report = CheckDone(
        verdicts=[factories.verdict(x), factories.verdict(y)],
        comparison=factories.comparison([sides[0]], [sides[1]]),
    )
    play.report(item, report)
    play.push(play.claim_one(Stage.ARBITRATE))
    play.answer(clip, "sam", verdict="accept")
    item = play.claim_one(Stage.CHECK)
    sam = next(o.annotation_uid for o in item.opinions if o.opinion == "arbiter")
    play.report(
        item, CheckDone(verdicts=[factories.verdict(sam)], accepted=[factories.segment(10, 50)])
    )
    drafts = {row.user_id: row.draft for row in SeatSums.objects.all()}
    assert (drafts[seat.user_id].n_probes, drafts[seat.user_id].n_noticed) == (1, 0)
    assert sum(draft.n_probes for draft in drafts.values()) == 1


# --- gold ----------------------------------------------------------------------------------------


def test_an_answer_to_a_honeypot_counts_until_its_gold_is_withdrawn(play: Play) -> None:
    (gold,) = golden(play)
    policy_for_gold(play, "dot", "eve", gold_share=1.0)
    leave(play, "ana", "ben")
    followed(play)
    (honeypot, *_) = [shown.clip_uid for shown in showings(play)]
    seats_open(play)
    before = stored()
    score(play, honeypot, factories.submitted(12, 50))
    rows = PersonSums.objects.filter(reference="gold")
    assert [(row.n_reference, row.onset_total, row.n_clips) for row in rows] == [(1, 2, 1)]
    seat = SeatSums.objects.get(user=rows.get().user)
    # The draft's onset was moved, its offset was left as it was.
    assert (seat.time_n, seat.draft.n_boundaries, seat.draft.n_untouched) == (1, 2, 1)
    assert any(p.labels for p in play["lea"].quality_annotators("kitchen").people)
    play["lea"].gold_withdraw(gold.uid)
    assert stored() == before
    assert not any(p.labels for p in play["lea"].quality_annotators("kitchen").people)
    assert Measurement.objects.filter(reference="gold").count() == 1
    play["lea"].gold_withdraw(gold.uid)
    assert stored() == before


def test_a_cap_in_milliseconds_is_measured_in_the_clips_own_time(play: Play) -> None:
    rules(play, tolerance_max_ms=20)
    clip = play.in_arbitration()
    play.answer(clip, "sam", verdict="accept")
    item = play.claim_one(Stage.CHECK)
    sam = next(o.annotation_uid for o in item.opinions if o.opinion == "arbiter")
    # One frame lasts 33 ms: within three frames, beyond the cap.
    accepted = [factories.segment(11, 50)]
    play.report(item, CheckDone(verdicts=[factories.verdict(sam)], accepted=accepted))
    assert sorted(row.n_shifted for row in PersonSums.objects.all()) == [0, 1]


# --- counted anew --------------------------------------------------------------------------------


def everything_measured(play: Play) -> None:
    """Leave at least one row in every table of sums."""
    pour, stir = factories.segment(10, 50), factories.segment(60, 90, "stir")
    round_ended(play, [pour, stir], [pour])
    round_ended(play, [pour], [factories.segment(11, 50)])
    gold_measured(play, "ana", [pour], [factories.segment(12, 53)])
    gold_measured(play, "ben", [pour, stir], [stir])
    for model in ALL_SUMS:
        assert model.objects.exists(), model


def recount(*, repair: bool = False) -> str:
    out = StringIO()
    call_command("recount_quality", *(["--repair"] if repair else []), stdout=out)
    return out.getvalue()


def stored() -> dict[Any, Any]:
    """Return all sums but for rows over nothing."""
    return {
        (model, row.key): row.amounts
        for model in ALL_SUMS
        for row in model.objects.all()
        if any(any(v) if isinstance(v, list) else v for v in row.amounts.values())
    }


@pytest.fixture
def measured(live_play: Play) -> Play:
    """A world with every kind of sum, in transactions of its own, as a recount needs it."""
    everything_measured(live_play)
    return live_play


def test_a_recount_finds_the_sums_right(measured: Play) -> None:
    assert "2 comparisons and 2 measurements were counted anew: they are right" in recount()


@pytest.mark.parametrize("model", ALL_SUMS, ids=lambda model: model.__name__)
def test_a_recount_finds_and_mends_every_table(measured: Play, model: Any) -> None:
    before = stored()
    model.objects.all().delete()
    with pytest.raises(CommandError, match="--repair"):
        recount()
    recount(repair=True)
    assert stored() == before
    assert "they are right" in recount()


def test_a_recount_takes_out_what_nothing_stands_for(measured: Play) -> None:
    before = stored()
    for model in ALL_SUMS:
        for field in model.amount_fields():
            if isinstance(field, ArrayField):
                continue
            model.objects.update(**{field.name: F(field.name) + 3})
    recount(repair=True)
    assert stored() == before


def test_reports_that_come_at_once_all_count(live_play: Play) -> None:
    play, n = live_play, 12
    for _ in range(n):
        clip = play.in_annotation()
        play.answer_all(clip)
    items = play.claim(Stage.CHECK)
    assert len(items) == n

    def report(item: WorkItem) -> None:
        try:
            play.report(item, factories.agreed(*play.answers(item)))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(report, items))
    row = LabelAgreement.objects.get()
    assert (row.n_clips, row.n_agreed) == (n, 2 * n)
    assert "they are right" in recount()
