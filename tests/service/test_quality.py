"""The figures of quality: right, for managers only, and made of sums."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from services.domain.errors import NotAllowedError, NotFoundError
from tests import factories
from tests.service.measuring import gold_measured, round_ended, rules
from tests.service.play import Play

pytestmark = pytest.mark.db

ADDRESSES = ("quality", "quality_annotators", "quality_anchoring")
POUR, STIR = factories.segment(10, 50), factories.segment(60, 90, "stir")


def near(estimate: Any, value: float, low: float, high: float) -> bool:
    return [estimate.value, estimate.low, estimate.high] == pytest.approx(
        [value, low, high], abs=1e-4
    )


def test_agreement_is_shown_in_all_by_label_pair_and_day(play: Play) -> None:
    round_ended(play, [POUR, STIR], [POUR])
    round_ended(play, [POUR], [POUR])
    found = play["lea"].quality("kitchen")
    assert (found.overall.n_clips, found.overall.n_segments, found.overall.n_agreed) == (2, 5, 4)
    assert found.overall.agreement.value == pytest.approx(0.8)
    assert found.overall.agreement.low < 0.8 < found.overall.agreement.high
    labels = {row.label: row for row in found.labels}
    # Two pairs that agree are two cases: Wilson's interval of 2 of 2.
    assert near(labels["pour"].agreement, 1.0, 0.3424, 1.0)
    assert (labels["stir"].n_alone, labels["stir"].agreement.value) == (1, 0.0)
    assert labels["stir"].agreement.low is None  # one clip says nothing of the next
    (pair,) = found.pairs
    assert ((pair.username_a, pair.username_b), pair.n_clips) == (("ana", "ben"), 2)
    (day,) = found.days
    assert (day.day, day.n_agreed) == (datetime.now(UTC).date(), 4)


def test_labels_of_another_taxonomy_version_are_left_out_when_asked(play: Play) -> None:
    round_ended(play, [POUR], [POUR])
    assert len(play["lea"].quality("kitchen", taxonomy_version=1).labels) == 1
    other = play["lea"].quality("kitchen", taxonomy_version=2)
    assert other.labels == []
    # The rest is over all versions, as the schema says.
    assert other.overall.n_clips == other.pairs[0].n_clips == other.days[0].n_clips == 1


def test_nothing_compared_is_undefined_and_never_perfect(play: Play) -> None:
    found = play["lea"].quality("kitchen")
    assert (found.overall.n_clips, found.overall.agreement.value) == (0, None)
    assert (found.labels, found.pairs, found.days) == ([], [], [])
    assert play["lea"].quality_annotators("kitchen").people == []
    anchoring = play["lea"].quality_anchoring("kitchen")
    assert (anchoring.difference.value, anchoring.drafts.untouched.value) == (None, None)


def test_a_persons_figures_against_gold(play: Play) -> None:
    for onset in (12, 14, 13):
        gold_measured(play, "ana", [POUR, STIR], [factories.segment(onset, 50), STIR])
    gold_measured(play, "ben", [POUR], [factories.segment(10, 50, "stir")])
    found = play["lea"].quality_annotators("kitchen")
    assert found.reference == "gold"
    people = {person.username: person for person in found.people}
    pour = {row.label: row for row in people["ana"].labels}["pour"]
    assert (pour.n_reference, pour.n_agreed, pour.misses.value) == (3, 2, 0.0)
    # Mean of 2, 4, 3; Student's interval with 2 degrees of freedom: 3 +- 4.3027 / sqrt(3).
    assert near(pour.onset.bias, 3.0, 3 - 2.4841, 3 + 2.4841)
    assert (pour.onset.spread, pour.onset.median) == (1.0, 3.0)
    assert [(b.frames, b.n) for b in pour.onset.histogram] == [(2, 1), (3, 1), (4, 1)]
    assert (pour.onset.late.value, pour.offset.late.value) == (1.0, 0.0)
    (cell,) = people["ben"].confusion
    assert (cell.reference, cell.answered, cell.n) == ("pour", "stir", 1)
    assert people["ana"].time.n == 3


def test_a_persons_shares_come_with_the_limits_of_the_others(play: Play) -> None:
    for _ in range(6):
        gold_measured(play, "ana", [POUR, STIR], [])
        gold_measured(play, "ben", [POUR, STIR], [POUR, STIR])
    people = {p.username: p for p in play["lea"].quality_annotators("kitchen").people}
    (pour, _), (sound, _) = people["ana"].labels, people["ben"].labels
    assert pour.misses.value == 1.0
    # Jeffreys' prior: none of the other's six.
    assert pour.funnel.misses.expected == pytest.approx(0.5 / 7)
    assert pour.funnel.misses.warning.high < pour.funnel.misses.action.high < 1.0
    assert pour.funnel.extras is None  # ana answered nothing that could be too much
    assert sound.funnel.misses.expected == pytest.approx(6.5 / 7)
    # They are about everybody, whoever is asked for.
    (only,) = play["lea"].quality_annotators("kitchen", username="ana").people
    assert only == people["ana"]


def test_figures_against_the_arbiter_are_kept_apart(play: Play) -> None:
    gold_measured(play, "ana", [POUR], [POUR])
    found = play["lea"].quality_annotators("kitchen", reference="arbitration")
    assert found.reference == "arbitration"
    assert [person.labels for person in found.people] == [[]]


def test_one_persons_figures_can_be_asked_for(play: Play) -> None:
    gold_measured(play, "ana", [POUR], [POUR])
    gold_measured(play, "ben", [POUR], [POUR])
    (only,) = play["lea"].quality_annotators("kitchen", username="ben").people
    assert only.username == "ben"
    assert play["lea"].quality_annotators("kitchen", username="sam").people == []


def test_agreement_with_and_without_a_draft_is_compared(play: Play) -> None:
    for _ in range(2):
        round_ended(play, [POUR], [POUR])
    rules(play, control_share=1.0)
    for _ in range(2):
        round_ended(play, [POUR], [factories.segment(100, 200)])
    found = play["lea"].quality_anchoring("kitchen")
    assert (found.with_draft.agreement.value, found.without_draft.agreement.value) == (1.0, 0.0)
    assert found.difference.value == 1.0
    assert 0 < found.difference.low < found.difference.high == pytest.approx(1.0)
    assert (found.drafts.n_boundaries, found.drafts.untouched.value) == (8, 1.0)
    people = {person.username: person for person in found.people}
    assert set(people) == {"ana", "ben"}
    assert (people["ana"].time_with_draft.n, people["ana"].time_without_draft.n) == (2, 2)
    assert people["ana"].time_with_draft.typical_s.value == pytest.approx(60, rel=1e-3)


@pytest.mark.parametrize("call", ADDRESSES)
@pytest.mark.parametrize("name", ["ana", "sam", "cleo", "wren"])
def test_only_managers_read_quality(play: Play, call: str, name: str) -> None:
    for slug in ("kitchen", "nowhere"):
        with pytest.raises(NotAllowedError):
            getattr(play[name], call)(slug)


@pytest.mark.parametrize("call", ADDRESSES)
def test_somebody_elses_project_does_not_exist(play: Play, call: str) -> None:
    with pytest.raises(NotFoundError):
        getattr(play["kim"], call)("kitchen")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("quality", {"taxonomy_version": "newest"}),
        ("quality", {"taxonomy_version": 0}),
        ("quality", {"days": 0}),
        ("quality", {"days": 10**9}),
        ("quality/annotators", {"reference": "hearsay"}),
        ("quality/annotators", {"username": "x" * 200}),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(play: Play, path: str, query: Any) -> None:
    http: httpx.Client = play.http("lea")
    answer = http.get(f"/api/v1/projects/kitchen/{path}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_asking_again_gives_the_same(play: Play) -> None:
    round_ended(play, [POUR, STIR], [POUR])
    for call in ADDRESSES:
        assert getattr(play["lea"], call)("kitchen") == getattr(play["lea"], call)("kitchen")


@pytest.mark.parametrize("call", ADDRESSES)
def test_a_page_never_reads_what_was_compared(play: Play, call: str) -> None:
    round_ended(play, [POUR, STIR], [POUR])
    gold_measured(play, "ana", [POUR], [POUR])
    with CaptureQueriesContext(
        connection,
    ) as asked:
        getattr(play["lea"], call)("kitchen")
    text = " ".join(query["sql"] for query in asked)
    for table in ("quality_comparison", "quality_decision", "monitoring_measurement"):
        assert table not in text
    assert "annotations_" not in text
