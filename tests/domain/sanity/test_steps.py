"""Order of steps, and steps that were left out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.sanity.check import check_submission
from services.domain.sanity.findings import Finding, SanityReport
from services.domain.segments import SubmittedSegment
from services.domain.taxonomy import Taxonomy
from tests.domain.notation import submitted

N = 100


def recipe(steps: str = "abcd", optional: str = "", **layer: Any) -> Taxonomy:
    """Steps a, b, c ... and two labels that are none: x and y."""
    return Taxonomy.parse(
        {
            "name": "recipe",
            "version": 1,
            "layers": [
                {
                    "labels": [{"name": name} for name in "abcdxy"],
                    "steps": list(steps),
                    "optional_steps": list(optional),
                    **layer,
                }
            ],
        }
    )


def one_after_another(text: str) -> list[SubmittedSegment]:
    """``a b - c``: regions r1, r2, ... of ten frames each with one frame between."""
    return [
        SubmittedSegment(
            region_id=f"r{i + 1}", layer="main", label=name, onset=11 * i, offset=11 * i + 10
        )
        for i, name in enumerate(text.split())
    ]


def check(text: str, labels: Taxonomy) -> SanityReport:
    return check_submission(one_after_another(text), n_frames=N, taxonomy=labels)


def about_steps(report: SanityReport) -> list[Finding]:
    return [f for f in report.findings if f.code in ("out_of_order", "skipped_step")]


def short(report: SanityReport) -> list[str]:
    """Code, label where there is one, and regions of each finding."""
    names = {"out_of_order": "order", "skipped_step": "skipped"}
    return [
        " ".join([names[f.code], *([f.label] if f.label else []), *f.region_ids])
        for f in about_steps(report)
    ]


REPEAT = recipe(steps_repeat=True)
WHOLE = recipe(steps_from_end_to_end=True)
WHOLE_REPEAT = recipe(steps_repeat=True, steps_from_end_to_end=True)
# a may be left out, and so may c.
LOOSE = recipe(optional="ac")
LOOSE_REPEAT = recipe(optional="ac", steps_repeat=True)
LOOSE_WHOLE = recipe(optional="ad", steps_from_end_to_end=True)

CASES: dict[str, tuple[str, Taxonomy, list[str]]] = {
    "in order": ("a b c d", recipe(), []),
    "a clip that shows a part": ("b c", recipe(), []),
    "one step only": ("c", recipe(), []),
    "no step at all": ("x y", recipe(), []),
    "what is no step may lie anywhere": ("x a y b x c", recipe(), []),
    "a step in two pieces": ("a b x b c", recipe(), []),
    "no steps are asked for": ("d a", recipe(steps=""), []),
    "one left out": ("a c", recipe(), ["skipped b r1 r2"]),
    "one left out, others between": ("a x c", recipe(), ["skipped b r1 r3"]),
    "two left out together": ("a d", recipe(), ["skipped r1 r2"]),
    "two left out apart": (
        "a c e",
        Taxonomy.parse(
            {
                "name": "five",
                "version": 1,
                "layers": [
                    {"labels": [{"name": n} for n in "abcde"], "steps": list("abcde")},
                ],
            }
        ),
        ["skipped b r1 r2", "skipped d r2 r3"],
    ),
    "what may be left out is": ("b d", LOOSE, []),
    "what may not is not": ("a d", LOOSE, ["skipped b r1 r2"]),
    "two trade places": ("a c b d", recipe(), ["order b r2 r3"]),
    "a late first step is one slip": ("b c d a", recipe(), ["order a r3 r4"]),
    "an early last step is one slip": ("d a b c", recipe(), ["order a r1 r2"]),
    "backwards": ("c b a", recipe(), ["order b r1 r2", "order a r2 r3"]),
    "backwards with a hole": ("c a", recipe(), ["order a r1 r2", "skipped b r1 r2"]),
    "again, where nothing repeats": ("a b c d a", recipe(), ["order a r4 r5"]),
    "again": ("a b c d a b", REPEAT, []),
    "again and again": ("d a b c d a", REPEAT, []),
    "again before the end": ("a b a b c d", REPEAT, ["skipped r2 r3"]),
    "again, with one left out": ("a b c d a c", REPEAT, ["skipped b r5 r6"]),
    "again, but not from the first step": ("a b c d b c d", REPEAT, ["order b r4 r5"]),
    "again from the second, the first may be left out": ("a b c d b c d", LOOSE_REPEAT, []),
    "again where the end may be left out": (
        "a b c a b d",
        recipe(optional="d", steps_repeat=True),
        ["skipped c r5 r6"],
    ),
    "from end to end": ("a b c d", WHOLE, []),
    "without the begin": ("b c d", WHOLE, ["skipped a r1"]),
    "without the end": ("a b", WHOLE, ["skipped r2"]),
    "the middle only": ("b", WHOLE, ["skipped a r1", "skipped r1"]),
    "nothing of all": ("x", WHOLE, ["skipped"]),
    "what may be left out at both ends": ("b c", LOOSE_WHOLE, []),
    "nothing where nothing has to be": (
        "x",
        recipe(optional="abcd", steps_from_end_to_end=True),
        [],
    ),
    "end to end, twice": ("a b c d a b c d", WHOLE_REPEAT, []),
    "end to end, the second cut off": ("a b c d a b", WHOLE_REPEAT, ["skipped r6"]),
    "end to end, the first cut off": ("c d a b c d", WHOLE_REPEAT, ["skipped r1"]),
}


@pytest.mark.parametrize(("text", "labels", "expected"), CASES.values(), ids=list(CASES))
def test_it_finds_what_was_worked_out_by_hand(
    text: str, labels: Taxonomy, expected: list[str]
) -> None:
    report = check(text, labels)
    assert short(report) == expected
    assert report.passed is (not expected)


@pytest.mark.parametrize(
    ("labels", "can_be_right"),
    [
        (recipe(), True),
        (recipe(complete=True), False),
        (WHOLE, False),
        (recipe(optional="abcd", steps_from_end_to_end=True), True),
    ],
)
def test_nothing_is_called_valid_only_where_it_can_be(labels: Taxonomy, can_be_right: bool) -> None:
    report = check("", labels)
    (finding,) = [f for f in report.findings if f.code == "empty"]
    assert finding.message.endswith("that is a valid answer.") is can_be_right
    assert report.passed is can_be_right


def test_an_answer_without_a_step_is_told_what_all_is_missing() -> None:
    report = check("", recipe(optional="d", steps_from_end_to_end=True))
    assert [(f.code, f.onset, f.offset) for f in report.findings] == [
        ("empty", 0, N),
        ("skipped_step", 0, N),
    ]
    # To call nothing a valid answer would contradict the next sentence.
    assert [f.message for f in report.findings] == [
        "Nothing is marked.",
        'The steps "a", "b" and "c" are missing: the clip shows the whole procedure. '
        "Mark what is missing, or correct the labels around it.",
    ]


@pytest.mark.parametrize(
    ("text", "labels", "frames", "says"),
    [
        (
            "b a",
            recipe(),
            (0, 21),
            '"a" (frames 12 to 21) comes after "b" (frames 1 to 10), but the step "a" belongs '
            'before "b". Correct the labels or their places.',
        ),
        (
            "b c d b",
            REPEAT,
            (22, 43),
            'belongs before "d". Going through the steps again begins with "a". Correct',
        ),
        (
            "d c",
            recipe(optional="a", steps_repeat=True),
            (0, 21),
            'Going through the steps again begins with "a" or "b".',
        ),
        (
            "a c",
            recipe(),
            (0, 21),
            'Between "a" (frames 1 to 10) and "c" (frames 12 to 21) the step "b" is missing. '
            "Mark what is missing, or correct the labels around it.",
        ),
        ("a d", recipe(), (0, 21), 'the steps "b" and "c" are missing. Mark'),
        (
            "b c d",
            WHOLE,
            (0, 10),
            'Before "b" (frames 1 to 10) the step "a" is missing from the start of the clip. ',
        ),
        (
            "a b c",
            WHOLE,
            (22, N),
            'After "c" (frames 23 to 32) the step "d" is missing up to the end of the clip. ',
        ),
    ],
)
def test_it_says_where_and_what(
    text: str, labels: Taxonomy, frames: tuple[int, int], says: str
) -> None:
    (finding,) = about_steps(check(text, labels))
    assert (finding.onset, finding.offset) == frames
    assert finding.severity == "error"
    assert says in finding.message


def overlapping(text: str, labels: Taxonomy) -> list[str]:
    return short(check_submission(submitted(text), n_frames=N, taxonomy=labels))


def test_steps_that_overlap_count_by_their_onsets() -> None:
    labels = recipe(exclusive=False)
    assert overlapping("a 0 50, b 10 20, c 15 90", labels) == []
    assert overlapping("b 0 50, a 10 20", labels) == ["order a r1 r2"]


@pytest.mark.parametrize("text", ["b 0 50, a 10 20", "a 0 50, c 10 20"])
def test_a_finding_reaches_to_the_end_of_both(text: str) -> None:
    labels = recipe(exclusive=False)
    (finding,) = about_steps(check_submission(submitted(text), n_frames=N, taxonomy=labels))
    assert (finding.onset, finding.offset) == (0, 50)


def test_steps_that_begin_together_are_in_order() -> None:
    # b is the shorter one, so it comes first in time; nobody could say that it was first.
    assert overlapping("a 0 50, b 0 20, c 30 40", recipe(exclusive=False)) == []


def test_a_step_under_an_older_name_is_that_step() -> None:
    labels = recipe()
    document = labels.model_dump(mode="json")
    document["layers"][0]["labels"][1]["aliases"] = ["beat"]
    report = check("a beat c", Taxonomy.parse(document))
    assert about_steps(report) == []
    assert report.passed


def _pass(steps: str, optional: str, low: int = 0, high: int | None = None) -> str:
    """A regular expression for the steps from low to high; both, where given, must be there."""
    parts = []
    for rank, step in enumerate(steps):
        if rank < low or (high is not None and rank > high):
            continue
        must = step not in optional or rank == high
        parts.append(f"{step}+" if must else f"{step}*")
    return "".join(parts)


def _allowed(steps: str, optional: str, *, repeat: bool, whole: bool) -> re.Pattern[str]:
    """What a sequence of steps may look like, said as a grammar."""
    full = _pass(steps, optional)
    ranks = range(len(steps))
    if whole:
        return re.compile(f"({full})+" if repeat else full)
    # Cut out of the procedure: it begins and ends with whatever step.
    begins = [f"{steps[low]}+{_pass(steps, optional, low + 1)}" for low in ranks]
    ends = [_pass(steps, optional, 0, high) for high in ranks]
    pieces = ["", *(f"{steps[low]}+" for low in ranks)]
    pieces += [
        f"{steps[low]}+{_pass(steps, optional, low + 1, high)}"
        for low in ranks
        for high in ranks
        if low < high
    ]
    if repeat:
        pieces += [f"({'|'.join(begins)})({full})*({'|'.join(ends)}|)"]
    return re.compile("|".join(f"({piece})" for piece in pieces))


@given(
    st.integers(1, 4),
    st.sets(st.sampled_from("abcd")),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from("abcd"), max_size=9),
)
def test_nothing_is_found_exactly_where_the_grammar_allows_it(
    n_steps: int, optional: set[str], repeat: bool, whole: bool, drawn: list[str]
) -> None:
    steps = "abcd"[:n_steps]
    free = "".join(sorted(optional & set(steps)))
    labels = recipe(steps, free, steps_repeat=repeat, steps_from_end_to_end=whole)
    seen = "".join(name for name in drawn if name in steps)
    allowed = _allowed(steps, free, repeat=repeat, whole=whole).fullmatch(seen)
    found = about_steps(check(" ".join(drawn), labels))
    assert (found == []) is (allowed is not None)


@given(st.sets(st.sampled_from("abcd")), st.booleans(), st.lists(st.sampled_from("abcdx")))
def test_each_finding_names_what_is_there_or_is_not(
    optional: set[str], repeat: bool, drawn: list[str]
) -> None:
    labels = recipe(optional="".join(sorted(optional)), steps_repeat=repeat)
    drawn = drawn[:9]
    names = {f"r{i}": name for i, name in enumerate(drawn, start=1)}
    for finding in about_steps(check(" ".join(drawn), labels)):
        around = [names[region] for region in sorted(finding.region_ids)]
        if finding.code == "out_of_order":
            assert around == sorted(around, reverse=True)
            assert finding.label == around[1]
        elif finding.label is not None:
            assert finding.label not in {*optional, *around}
