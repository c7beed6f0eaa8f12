from __future__ import annotations

import json
from dataclasses import replace

import pytest

from services.domain.errors import InputError
from services.domain.monitoring.consequences import consequences, consequences_borne_out
from services.domain.monitoring.signals import Question, Signal, SignalKind
from services.domain.policy import Monitoring
from services.domain.taxonomy import Side

LATE = Signal(
    person="ana",
    question=Question(kind=SignalKind.BIAS, layer="main", label="X", side=Side.OFFSET),
    direction="late",
    p_value=1e-9,
    adjusted=1e-6,
    value=4.25,
    expected=0.2,
    n_cases=60,
    n_clips=30,
    since_clip="c11",
    since_index=10,
    last_sound_clip="c10",
)
MISSES = replace(
    LATE,
    question=Question(kind=SignalKind.MISSES),
    direction=None,
    p_value=1e-4,
    value=0.3,
    expected=0.05,
    since_clip="c1",
    since_index=0,
    last_sound_clip=None,
)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        (LATE.question, 'Offsets of "X" are late: +4.2 frames on average, against +0.2 frames'),
        (replace(LATE.question, kind=SignalKind.SPREAD), 'Offsets of "X" lie 4.2 frames from the'),
        (Question(kind=SignalKind.MISSES), "Misses 425.0% of the segments of any label, against"),
        (Question(kind=SignalKind.EXTRAS, label="X"), '425.0% of the answered segments of "X" are'),
        (
            Question(kind=SignalKind.CONFUSION, label="X", answered="Y"),
            'Answers 425.0% of the segments of "X" with "Y", against 20.0% expected',
        ),
        (Question(kind=SignalKind.RUBBER_STAMPING), "Leaves 425.0% of the drafts' wrong bound"),
        (Question(kind=SignalKind.MISSED_PROBES), "Leaves 425.0% of the probes as they are"),
    ],
)
def test_a_signal_is_a_sentence(question: Question, begins: str) -> None:
    sentence = replace(LATE, question=question).sentence
    assert sentence.startswith(begins)
    assert sentence.endswith(
        "; since gold clip 11 of 30 (20 in a row, 60 cases in all, adjusted p 1e-06)."
    )


def test_json_holds_everything() -> None:
    for signal in (LATE, MISSES):
        data = json.loads(json.dumps(signal.as_json()))
        assert Signal.from_json(data) == signal
        assert data["sentence"] == signal.sentence


@pytest.mark.parametrize("broken", [{}, {"question": {}}, {"question": None}])
def test_what_is_no_signal_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(InputError, match="not a signal"):
        Signal.from_json(broken)


def test_the_key_tells_figures_apart_and_is_the_same_on_every_run() -> None:
    assert LATE.key == "bias|main|X||offset|late"
    assert replace(LATE, direction="early").key != LATE.key
    assert replace(LATE, value=9.0, since_index=0).key == LATE.key


def test_what_follows_is_the_policys_word_in_its_order() -> None:
    rules = Monitoring(looks=1, consequences=("notify", "reopen", "pause", "notify"))
    actions = consequences([MISSES, LATE], rules)
    assert [action.consequence for action in actions] == ["notify", "reopen", "pause"]
    assert {action.signals for action in actions} == {(LATE, MISSES)}
    assert actions[0].reason == f"{LATE.sentence} {MISSES.sentence}"
    assert consequences([LATE], Monitoring(consequences=())) == ()


def test_reopening_goes_back_to_the_earliest_change() -> None:
    rules = Monitoring(looks=1, consequences=("reopen",))
    assert consequences([LATE], rules)[0].after_clip == "c10"
    assert consequences([LATE, MISSES], rules)[0].after_clip is None


def test_a_signal_that_stands_is_not_acted_on_again() -> None:
    rules = Monitoring(consequences=("notify",))
    ben = replace(LATE, person="ben")
    actions = consequences([LATE, MISSES, ben], rules, standing={"ana": {LATE.key}})
    assert [(action.person, action.signals) for action in actions] == [
        ("ana", (MISSES,)),
        ("ben", (ben,)),
    ]
    assert consequences([LATE], rules, standing={"ana": [LATE.key]}) == ()


def test_where_two_looks_are_wanted_the_first_only_tells() -> None:
    rules = Monitoring(consequences=("pause", "reopen"))
    (told,) = consequences([LATE, MISSES], rules)
    assert told.consequence == "notify"
    assert told.reason.startswith("Seen once;")
    assert consequences([LATE], Monitoring(consequences=())) == ()


def test_what_later_answers_bear_out_has_the_rest_of_its_consequences() -> None:
    rules = Monitoring(consequences=("notify", "pause", "reopen"))
    actions = consequences_borne_out([LATE, MISSES], rules, done={"notify"}, n_later=4)
    assert [action.consequence for action in actions] == ["pause", "reopen"]
    assert actions[0].reason.startswith("Borne out by 4 later gold answers. ")
    assert consequences_borne_out([LATE], rules, done=set(rules.consequences), n_later=1) == ()
