"""The rows about shares: what is missed, made up, confused, and left as the draft had it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from services.domain.monitoring.cusum import change_point
from services.domain.monitoring.records import History
from services.domain.monitoring.rows import Row
from services.domain.monitoring.shares import Cases, Counts, common_rate, expected_rate, standard
from services.domain.monitoring.signals import Question, SignalKind
from services.domain.monitoring.tallies import LabelKey
from services.domain.policy import Monitoring

_OfPeople = Mapping[str, Cases]


def share_rows(history: History, *, rules: Monitoring) -> Iterator[Row]:
    """Yield a row for each person and each share they have cases of."""
    collected = _collect(history)
    for question, people in collected.items():
        for person, cases in people.items():
            others = [each for name, each in people.items() if name != person]
            if cases.whole and any(each.whole for each in others):
                yield _row(person, question, cases, others, rate=common_rate(others), rules=rules)
    for kind in (SignalKind.MISSES, SignalKind.EXTRAS):
        of_kind = {q.key: people for q, people in collected.items() if q.kind is kind}
        yield from _rows_of_all_labels(kind, of_kind, history, rules=rules)


def _rows_of_all_labels(
    kind: SignalKind, labels: Mapping[str, _OfPeople], history: History, *, rules: Monitoring
) -> Iterator[Row]:
    """Yield each person's row over all labels that others have answered too."""
    # The others' scatter is measured over their whole answers, not label by label.
    whole = {name: _summed([people[name] for people in labels.values()]) for name in history}
    for person in history:
        mine = {}
        others = {}
        for label, people in labels.items():
            rest = [each for name, each in people.items() if name != person]
            if people[person].whole and any(each.whole for each in rest):
                mine[label], others[label] = people[person], rest
        if mine:
            yield _row(
                person,
                Question(kind=kind),
                _summed(list(mine.values())),
                [each for name, each in whole.items() if name != person],
                rate=expected_rate(mine, others),
                rules=rules,
            )


def _row(
    person: str,
    question: Question,
    cases: Cases,
    others: list[Cases],
    *,
    rate: float,
    rules: Monitoring,
) -> Row:
    """Compare one person's cases with the others'."""
    since = 0
    if cases.part:  # rows without a single fault are most of the table, and cost nothing
        chance = cases.wholes.astype(np.float64) * (rate * (1 - rate))
        since = change_point(cases.parts - cases.wholes * rate, chance)
    return Row(
        person=person,
        question=question,
        p_value=_lowest_tail(cases, others, rate=rate, least=rules.min_clips),
        value=float(cases.parts[since:].sum() / max(1, cases.wholes[since:].sum())),
        expected=rate,
        n_cases=cases.whole,
        since_index=since,
    )


def _lowest_tail(cases: Cases, others: list[Cases], *, rate: float, least: int) -> float:
    """Return the p-value of the person's whole history and its latest parts.

    Notes
    -----
    A fault that began lately drowns in years of sound work. So the latest half is tested
    too, and the latest quarter, down to ``least`` clips; the lowest of the tails counts,
    times their number (Bonferroni).
    """
    lengths = [len(cases.parts)]
    while lengths[-1] // 2 >= least:
        lengths.append(lengths[-1] // 2)
    lowest = 1.0
    for length in lengths:
        part, whole = int(cases.parts[-length:].sum()), int(cases.wholes[-length:].sum())
        if part > whole * rate:
            lowest = min(lowest, standard(whole, others, rate=rate).tail(part, whole))
    return min(1.0, lowest * len(lengths))


def _collect(history: History) -> dict[Question, dict[str, Cases]]:
    """Lay each figure of each person out clip by clip."""
    lengths = {person: len(records) for person, records in history.items()}
    parts: defaultdict[Question, dict[str, Counts]] = defaultdict(lambda: _zeros(lengths))
    wholes: defaultdict[Question, dict[str, Counts]] = defaultdict(lambda: _zeros(lengths))

    def note(person: str, clip: int, question: Question, part: int, whole: int) -> None:
        parts[question][person][clip] = part
        wholes[question][person][clip] = whole

    answered = _confused_with(history)
    questions = {key: _questions(key, answered[key]) for key in _labels(history)}
    for person, records in history.items():
        for clip, record in enumerate(records):
            confused = dict(record.confusion.cells)
            for key, tally in record.labels.items():
                misses, extras, confusions = questions[key]
                note(person, clip, misses, tally.n_missed, tally.n_reference)
                note(person, clip, extras, tally.n_extra, tally.n_answered)
                for question in confusions:
                    part = confused.get((*key, question.answered), 0)
                    note(person, clip, question, part, tally.n_reference)
            draft = record.draft
            note(person, clip, _STAMPING, draft.n_flaws_kept, draft.n_flawed)
            note(person, clip, _PROBES, draft.n_probes - draft.n_noticed, draft.n_probes)
    return {
        question: {
            person: Cases.of(parts[question][person], wholes[question][person])
            for person in history
        }
        for question in sorted(parts, key=lambda question: question.key)
    }


_STAMPING = Question(kind=SignalKind.RUBBER_STAMPING)
_PROBES = Question(kind=SignalKind.MISSED_PROBES)


def _questions(
    key: LabelKey, answered: set[str]
) -> tuple[Question, Question, tuple[Question, ...]]:
    layer, label = key
    return (
        Question(kind=SignalKind.MISSES, layer=layer, label=label),
        Question(kind=SignalKind.EXTRAS, layer=layer, label=label),
        tuple(
            Question(kind=SignalKind.CONFUSION, layer=layer, label=label, answered=other)
            for other in sorted(answered)
        ),
    )


def _confused_with(history: History) -> defaultdict[LabelKey, set[str]]:
    """List the confusions that anybody has shown.

    What nobody has shown cannot stand out: its p-value is 1 whatever the rest, so leaving it
    out of the table is Tarone's (1990) rule and costs the promise nothing.
    """
    found: defaultdict[LabelKey, set[str]] = defaultdict(set)
    for records in history.values():
        for record in records:
            for (layer, label, other), _ in record.confusion.cells:
                if label is not None and other is not None and other != label:
                    found[layer, label].add(other)
    return found


def _labels(history: History) -> set[LabelKey]:
    return {key for records in history.values() for record in records for key in record.labels}


def _zeros(lengths: Mapping[str, int]) -> dict[str, Counts]:
    return {person: np.zeros(length, dtype=np.int64) for person, length in lengths.items()}


def _summed(cases: list[Cases]) -> Cases:
    return Cases.of(
        np.sum([each.parts for each in cases], axis=0),
        np.sum([each.wholes for each in cases], axis=0),
    )
