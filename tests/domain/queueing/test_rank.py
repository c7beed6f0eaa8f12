from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from services.domain.errors import InputError
from services.domain.queueing.candidates import Candidate
from services.domain.queueing.rank import rank
from services.domain.queueing.rules import GainWeights, QueueRules, QueueShares, Stratum

RULES = QueueRules()
LABELLED = {"reach": 0.6, "lift": 0.35, "drop": 0.05}
UNITS = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
NO_SHARES = dict.fromkeys((stratum.value for stratum in Stratum), 0.0)


def shares(**given_shares: float) -> QueueShares:
    return QueueShares(**NO_SHARES | given_shares)


@st.composite
def candidate_lists(draw: st.DrawFn, *, most: int = 30) -> list[Candidate]:
    has_embeddings = draw(st.booleans())
    uids = draw(st.lists(st.integers(0, 10**6), min_size=1, max_size=most, unique=True))
    points = st.tuples(st.integers(-3, 3), st.integers(-3, 3))
    return [
        Candidate(
            uid=f"clip-{uid}",
            uncertainty=draw(UNITS),
            disagreement=draw(UNITS),
            false_alarm=draw(UNITS),
            label_shares={name: draw(UNITS) for name in draw(st.sets(st.sampled_from("abc")))},
            embedding=tuple(map(float, draw(points))) if has_embeddings else (),
            group=draw(st.sampled_from([None, "kitchen", "bench", "yard"])),
            waited_h=draw(st.sampled_from([0.0, 10.0, 200.0, 300.0])),
        )
        for uid in uids
    ]


@st.composite
def rule_sets(draw: st.DrawFn) -> QueueRules:
    parts = np.array([draw(st.integers(0, 5)) for _ in Stratum], dtype=float)
    parts = 0.85 * parts / max(1.0, parts.sum())
    parts[0] += 1 - parts.sum()  # the typical never less than 0.15
    return QueueRules(
        shares=QueueShares(**dict(zip(map(str, Stratum), parts.tolist(), strict=True))),
        most_of_one_source=draw(st.sampled_from([0.1, 0.25, 0.5, 1.0])),
        shortlist=draw(st.sampled_from([1, 5, 1000])),
    )


def order(candidates, *, rules=RULES, seed=7, **given_facts):
    return rank(candidates, rules=rules, labelled_shares=LABELLED, seed=seed, **given_facts)


@given(candidates=candidate_lists(), rules=rule_sets())
def test_every_clip_comes_once(candidates, rules):
    ranked = order(candidates, rules=rules)
    assert sorted(one.uid for one in ranked) == sorted(one.uid for one in candidates)
    assert [one.place for one in ranked] == list(range(len(candidates)))


@given(candidates=candidate_lists(), rules=rule_sets(), data=st.data())
def test_the_order_given_does_not_matter(candidates, rules, data):
    shuffled = data.draw(st.permutations(candidates))
    assert order(candidates, rules=rules) == order(shuffled, rules=rules)


@settings(max_examples=300)
@given(
    candidates=candidate_lists(),
    rules=rule_sets(),
    term=st.sampled_from(["uncertainty", "disagreement", "false_alarm", "waited_h"]),
    data=st.data(),
)
def test_more_of_a_term_never_comes_later(candidates, rules, term, data):
    chosen = data.draw(st.integers(0, len(candidates) - 1))
    before = candidates[chosen]
    more = getattr(before, term) + data.draw(st.sampled_from([0.05, 0.3, 1.0]))
    raised = replace(before, **{term: more if term == "waited_h" else min(1.0, more)})
    changed = [raised if one is before else one for one in candidates]

    def place(ranked):
        return next(one.place for one in ranked if one.uid == before.uid)

    assert place(order(changed, rules=rules)) <= place(order(candidates, rules=rules))


def test_of_equal_clips_the_more_uncertain_comes_first_where_gain_decides():
    rules = QueueRules(shares=shares(uncertain=0.9, typical=0.1), most_of_one_source=1.0)
    clips = [Candidate(uid=f"{k}", uncertainty=k / 10) for k in range(10)]
    by_gain = [one.uid for one in order(clips, rules=rules) if one.stratum is Stratum.UNCERTAIN]
    assert by_gain == sorted(by_gain, reverse=True)
    assert by_gain[0] == "9"


def plenty(n_clips: int = 400) -> list[Candidate]:
    generator = np.random.default_rng(3)
    return [
        Candidate(
            uid=f"clip-{k}",
            uncertainty=float(generator.random()),
            false_alarm=float(generator.random()) + 1e-9 if k % 2 else 0.01,
            label_shares={"drop": float(generator.random())},
            embedding=tuple(generator.normal(0, 1, 4).tolist()),
            group=f"source-{k % 20}",
            waited_h=200.0 + k,
        )
        for k in range(n_clips)
    ]


def test_shares_are_kept_within_one_at_every_prefix():
    candidates = plenty()
    rules = QueueRules()
    counts = Counter()
    for n_places, one in enumerate(order(candidates, rules=rules), start=1):
        counts[one.stratum] += 1
        for stratum in Stratum:
            assert abs(counts[stratum] - n_places * rules.shares.of(stratum)) < 1


def test_a_stratum_without_clips_leaves_its_places_to_the_others():
    candidates = [
        replace(one, false_alarm=0.0, label_shares={}, waited_h=0.0) for one in plenty(200)
    ]
    rules = QueueRules(shares=shares(typical=0.25, uncertain=0.25, rare=0.5))
    counts = Counter(one.stratum for one in order(candidates, rules=rules)[:100])
    assert counts == {Stratum.TYPICAL: 50, Stratum.UNCERTAIN: 50}


def test_shares_are_kept_when_the_rest_is_ranked_anew_after_every_clip():
    waiting = {one.uid: replace(one, waited_h=0.0) for one in plenty(120)}
    counts = Counter()
    for n_before in range(60):
        first = order(list(waiting.values()), n_before=n_before)[0]
        counts[first.stratum] += 1
        del waiting[first.uid]
    present = [stratum for stratum in Stratum if stratum is not Stratum.OVERDUE]
    for stratum in present:
        assert abs(counts[stratum] - 60 * RULES.shares.of(stratum) / 0.9) < 1


def test_hard_clips_never_crowd_out_the_typical():
    """Half of the clips are unreadable and so the most uncertain by far."""
    hard = [Candidate(uid=f"hard-{k}", uncertainty=0.95, disagreement=1.0) for k in range(500)]
    typical = [Candidate(uid=f"typical-{k}", uncertainty=0.1) for k in range(500)]
    first = order([*hard, *typical])[:100]
    # Uncertain: 0.2 of 0.7, as no clip is rare, a hard negative or overdue.
    n_hard = sum(one.uid.startswith("hard") for one in first)
    assert 50 < n_hard < 75
    assert all(one.stratum is not Stratum.UNCERTAIN for one in first if one.uid[0] == "t")


def test_a_rare_label_comes_early_and_is_named():
    common = [Candidate(uid=f"c{k}", label_shares={"reach": 0.9}) for k in range(300)]
    seldom = Candidate(uid="seldom", label_shares={"reach": 0.5, "drop": 0.3})
    rules = QueueRules(shares=shares(typical=0.5, rare=0.5))
    ranked = order([*common, seldom], rules=rules)
    found = next(one for one in ranked if one.uid == "seldom")
    assert found.place < 2
    assert (found.stratum, found.term, found.value) == (Stratum.RARE, "drop", 0.3)
    assert next(one for one in order([*common, seldom]) if one.uid == "seldom").place < 8


def test_who_waits_is_served_however_many_more_urgent_ones_arrive():
    """Ten clips leave and twelve more uncertain ones come, day after day."""
    rules = QueueRules(shares=shares(typical=0.1, uncertain=0.8, overdue=0.1), patience_h=48)
    waiting = {f"old-{k}": (0.0, 0.0) for k in range(5)}
    for day in range(1, 40):
        waiting |= {f"new-{day}-{k}": (0.9, 24.0 * day) for k in range(12)}
        candidates = [
            Candidate(uid=uid, uncertainty=uncertainty, waited_h=24.0 * day - since)
            for uid, (uncertainty, since) in waiting.items()
        ]
        for one in order(candidates, rules=rules)[:10]:
            del waiting[one.uid]
        if not any(uid.startswith("old") for uid in waiting):
            break
    assert day <= 2 + 5 + 1, "one overdue clip a day from the second day on"


def test_one_source_does_not_fill_the_queue():
    loud = [Candidate(uid=f"a{k}", uncertainty=0.9, group="loud") for k in range(200)]
    others = [Candidate(uid=f"b{k}", uncertainty=0.2, group=f"other-{k % 10}") for k in range(200)]
    ranked = order([*loud, *others])
    had = 0
    for place, one in enumerate(ranked[:150]):
        had += one.uid[0] == "a"
        assert had <= 1 + 0.25 * (place + 1)
    only = order(loud)
    assert len(only) == 200, "a source that is alone has all places"


def test_diversity_covers_what_is_not_labelled_yet():
    at = {"a": (0.0, 0.0), "b": (9.0, 0.0), "c": (0.0, 9.0)}
    sizes = {"a": 60, "b": 25, "c": 15}
    clips = [
        Candidate(uid=f"{name}{k}", embedding=(x + k / 1000, y))
        for name, (x, y) in at.items()
        for k in range(sizes[name])
    ]
    rules = QueueRules(shares=shares(typical=0.1, diverse=0.9), most_of_one_source=1.0)

    def first_diverse(**facts):
        ranked = order(clips, rules=rules, **facts)
        return [one.uid[0] for one in ranked if one.stratum is Stratum.DIVERSE]

    assert sorted(first_diverse()[:3]) == ["a", "b", "c"]
    assert first_diverse()[0] == "a", "the greatest crowd first"
    assert sorted(first_diverse(labelled=[(0.0, 0.0)])[:2]) == ["b", "c"]


def test_without_a_model_the_queue_is_a_seeded_lot():
    clips = [Candidate(uid=f"{k}") for k in range(50)]
    one, again, other = order(clips, seed=1), order(clips, seed=1), order(clips, seed=2)
    assert one == again
    assert [place.uid for place in one] != [place.uid for place in other]


def test_reasons_are_short_sentences():
    clips = [
        Candidate(uid="sure", uncertainty=0.1, disagreement=0.9),
        Candidate(uid="late", waited_h=500.0),
        Candidate(uid="alarm", false_alarm=0.5),
    ]
    rules = QueueRules(
        shares=shares(typical=0.1, uncertain=0.3, hard_negatives=0.3, overdue=0.3),
        gain=GainWeights(disagreement=1.0),
    )
    reasons = {one.uid: one.reason for one in order(clips, rules=rules)}
    assert reasons == {
        "sure": "uncertain: disagreement 0.9",
        "late": "overdue: waited_h 500",
        "alarm": "hard negatives: false_alarm 0.5",
    }


def test_nothing_waits_nothing_is_ranked():
    assert order([]) == ()


def test_unsound_input_is_refused():
    with pytest.raises(InputError, match="one uid"):
        order([Candidate(uid="a"), Candidate(uid="a")])
    with pytest.raises(InputError, match="lengths differ"):
        order([Candidate(uid="a", embedding=(1.0,)), Candidate(uid="b", embedding=(1.0, 2.0))])
    with pytest.raises(InputError, match="lengths differ"):
        order([Candidate(uid="a", embedding=(1.0,))], labelled=[(1.0, 2.0)])
    with pytest.raises(InputError, match="lengths differ"):
        order([Candidate(uid="a")], labelled=[(1.0,), (1.0, 2.0)])
    for facts in (
        {"uncertainty": 1.1},
        {"disagreement": float("nan")},
        {"label_shares": {"a": -0.1}},
        {"waited_h": float("inf")},
        {"embedding": (float("nan"),)},
    ):
        with pytest.raises(InputError, match="Clip a"):
            Candidate(uid="a", **facts)


def test_unsound_rules_are_refused():
    with pytest.raises(ValidationError, match="sum to 1"):
        QueueShares(typical=0.5)
    with pytest.raises(ValidationError, match=r"greater than or equal to 0\.1"):
        shares(typical=0.05, uncertain=0.95)
    assert sum(QueueShares().of(stratum) for stratum in Stratum) == pytest.approx(1)


def test_it_takes_hardly_more_than_linear_time():
    def seconds(n_clips):
        generator = np.random.default_rng(1)
        known = [
            Candidate(
                uid=f"{k}",
                uncertainty=float(generator.random()),
                label_shares={"drop": float(generator.random())},
                group=f"{k % 40}",
                waited_h=float(generator.random()) * 400,
            )
            for k in range(n_clips)
        ]
        began = time.process_time()
        order(known)
        return time.process_time() - began

    small, large = min(seconds(2_000) for _ in range(3)), seconds(20_000)
    assert large < 40 * small, "ten times as many, and n log n asks for thirteen times as much"
