from __future__ import annotations

import numpy as np
import pytest

from services.domain.monitoring.anchoring import DraftTally
from services.domain.monitoring.confusion import ConfusionTally
from services.domain.monitoring.judge import judge, table
from services.domain.monitoring.records import ClipRecord
from services.domain.monitoring.signals import SignalKind
from services.domain.monitoring.tallies import DeltaTally, LabelTally
from services.domain.policy import Monitoring
from services.domain.taxonomy import Side
from tests.domain.monitoring.simulation import panel

RULES = Monitoring(min_clips=10)
X = ("main", "X")


def clips(
    n: int, *, missed: int = 0, offsets: list[int] | None = None, draft: DraftTally | None = None
) -> list[ClipRecord]:
    """The same answer n times: ten segments of X, so many of them missed."""
    tally = LabelTally(
        n_reference=10,
        n_answered=10 - missed,
        n_agreed=10 - missed,
        n_missed=missed,
        offset=DeltaTally.of(offsets or []),
    )
    return [
        ClipRecord(clip=f"c{i}", labels={X: tally}, draft=draft or DraftTally()) for i in range(n)
    ]


def kinds(history: dict[str, list[ClipRecord]]) -> set[tuple[str, SignalKind]]:
    return {(signal.person, signal.question.kind) for signal in judge(history, RULES)}


def test_nobody_is_judged_alone_or_on_nothing() -> None:
    assert judge({}, RULES) == ()
    assert judge({"ana": clips(30, missed=9)}, RULES) == ()
    assert judge({"ana": [], "ben": []}, RULES) == ()
    empty = [ClipRecord(clip=f"c{i}") for i in range(20)]
    assert table({"ana": empty, "ben": empty}, RULES) == ()


def test_below_the_least_number_of_clips_nobody_is_judged_or_judges() -> None:
    history = {"ana": clips(9, missed=9), "ben": clips(30), "cyd": clips(30)}
    assert {row.person for row in table(history, RULES)} == {"ben", "cyd"}
    assert judge(history, RULES) == ()
    history["ana"] = clips(10, missed=9)
    assert kinds(history) == {("ana", SignalKind.MISSES)}


def test_the_signal_carries_its_evidence() -> None:
    history = {
        "ana": [*clips(12), *clips(8, missed=6)],
        "ben": clips(20, missed=1),
        "cyd": clips(20),
    }
    signal, over_all = judge(history, RULES)
    assert (signal.person, signal.question.label) == ("ana", "X")
    assert over_all.question.label is None
    assert (signal.value, signal.expected) == pytest.approx((0.6, 20.5 / 401))
    assert (signal.n_cases, signal.n_clips) == (200, 20)
    assert (signal.since_index, signal.since_clip, signal.last_sound_clip) == (12, "c0", "c11")


def test_a_fault_from_the_first_clip_on_has_no_sound_one_before() -> None:
    history = {"ana": clips(20, missed=6), "ben": clips(20), "cyd": clips(20)}
    assert {signal.last_sound_clip for signal in judge(history, RULES)} == {None}


def test_when_all_share_a_fault_no_person_is_named() -> None:
    assert judge({name: clips(30, missed=5) for name in "abcdef"}, RULES) == ()


def test_early_and_late_are_told_apart_against_gold() -> None:
    rng = np.random.default_rng(1)

    def person(bias: float) -> list[ClipRecord]:
        return [
            clips(1, offsets=[round(v) for v in rng.normal(bias, 1.5, size=3)])[0]
            for _ in range(40)
        ]

    for bias, direction in ((6.0, "late"), (-6.0, "early")):
        history = {"ana": person(bias), "ben": person(0), "cyd": person(0)}
        found = [s for s in judge(history, RULES) if s.question.kind is SignalKind.BIAS]
        assert [(s.person, s.direction, s.question.side) for s in found] == [
            ("ana", direction, Side.OFFSET)
        ]
        assert found[0].value == pytest.approx(bias, abs=0.5)


def test_one_who_is_imprecise_but_not_biased_shows_in_the_spread() -> None:
    rng = np.random.default_rng(2)
    history = {
        name: [
            clips(1, offsets=[round(v) for v in rng.normal(0, scatter, size=3)])[0]
            for _ in range(40)
        ]
        for name, scatter in {"ana": 8.0, **dict.fromkeys("bcdefgh", 1.5)}.items()
    }
    assert kinds(history) == {("ana", SignalKind.SPREAD)}


def test_who_never_notices_a_probe_is_named() -> None:
    blind = clips(20, draft=DraftTally(n_probes=1, n_noticed=0))
    awake = clips(20, draft=DraftTally(n_probes=1, n_noticed=1))
    assert kinds({"ana": blind, "ben": awake, "cyd": awake, "dan": awake}) == {
        ("ana", SignalKind.MISSED_PROBES)
    }


def test_a_label_only_one_person_met_is_no_question() -> None:
    mine = [
        ClipRecord(
            clip=f"c{i}",
            labels={("main", "Z"): LabelTally(n_reference=3, n_missed=3)},
            confusion=ConfusionTally.of({("main", "Z", None): 3, ("main", None, "X"): 1}),
        )
        for i in range(20)
    ]
    history = {"ana": mine, "ben": clips(20), "cyd": clips(20)}
    assert not [row for row in table(history, RULES) if row.person == "ana"]


def test_the_same_history_has_the_same_signals_in_whatever_order() -> None:
    history = panel(np.random.default_rng(3), n_people=8)
    signals = judge(history, RULES)
    assert signals
    assert judge(dict(reversed(history.items())), RULES) == signals


def test_a_label_of_few_clips_has_shares_but_no_chart() -> None:
    rare = {
        name: [*clips(8, offsets=[9]), *(ClipRecord(clip=f"d{i}") for i in range(8))]
        for name in ("ana", "ben")
    }
    often = clips(20, offsets=[0])
    asked = {(row.person, row.question.kind) for row in table({**rare, "cyd": often}, RULES)}
    assert ("ana", SignalKind.MISSES) in asked
    assert ("ana", SignalKind.BIAS) not in asked
    assert ("cyd", SignalKind.BIAS) in asked  # measured on sixteen clips of the others
    assert not {
        row.person
        for row in table({"ana": rare["ana"], "cyd": often}, RULES)
        if row.question.kind is SignalKind.BIAS
    }  # eight clips of one other are too few to measure by
