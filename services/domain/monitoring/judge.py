"""Whose figures on gold stand out: one table over everybody, one promised error rate.

Conventions
-----------
Every person with enough gold clips is asked the same questions: misses and extras of each
label and of all, each confusion that anybody has shown, bias and spread of onsets and of
offsets for each label and for all, wrong boundaries of drafts left as they were, probes left.
Each answer has a p-value against the *other* people's answers to gold, never against a
consensus the person helped to make. Shares are held to their predictive distribution
(:mod:`.shares`, :mod:`.funnel`); boundaries to control charts over time (:mod:`.timing`): a
CUSUM for bias, an EWMA for spread. A chart speaks only beyond the policy's own limit.

What is called out is chosen over the whole table (:mod:`.multiplicity`): in one run of the
judge the expected share of people named without cause, among those named, is at most
``rules.false_discovery_rate``; so while nobody is at fault, that is also the most that the
chance of naming anyone can be. Runs repeat on data that grow, and over a year the chance
that a sound person is ever named is higher than in one run, though far below the number of
runs times the rate, since each looks at nearly the same data again. So nobody is acted on by
one run alone (:mod:`.looks`).

Notes
-----
Pass what lies behind a person since their last reset (a recalibration, a manager's word), at
most some hundreds of clips: a fault that was dealt with long ago still stands in sums.

All of this speaks of *differing from the others on gold*. When all share a fault, it is the
protocol's or the gold's, and no person is named.
"""

from __future__ import annotations

from collections import defaultdict

from services.domain.monitoring.multiplicity import select
from services.domain.monitoring.records import History
from services.domain.monitoring.rows import Row
from services.domain.monitoring.share_rows import share_rows
from services.domain.monitoring.signals import Signal
from services.domain.monitoring.timing_rows import timing_rows
from services.domain.policy import Monitoring


def table(history: History, rules: Monitoring) -> tuple[Row, ...]:
    """Return the whole table: every question that could be asked of every person.

    Parameters
    ----------
    history : mapping of str to sequence of ClipRecord
        Everybody's records on gold, in order of time. Who has fewer than
        ``rules.min_clips`` is neither judged nor part of what others are judged by.
    rules : Monitoring
        The policy's limits.
    """
    # By name, so that sums of floats are the same in whatever order people are given.
    known = {n: history[n] for n in sorted(history) if len(history[n]) >= rules.min_clips}
    return (*share_rows(known, rules=rules), *timing_rows(known, rules=rules))


def judge(history: History, rules: Monitoring) -> tuple[Signal, ...]:
    """Name the figures that stand out.

    Parameters
    ----------
    history, rules
        As for :func:`table`.

    Returns
    -------
    tuple of Signal
        By person, the strongest first.
    """
    families: defaultdict[str, list[Row]] = defaultdict(list)
    for row in table(history, rules):
        families[row.person].append(row)
    chosen = select(
        {person: [row.p_value for row in rows] for person, rows in families.items()},
        rate=rules.false_discovery_rate,
    )
    signals = [
        _signal(row, float(adjusted), history)
        for person, values in chosen.items()
        for row, adjusted in zip(families[person], values, strict=True)
        if adjusted <= rules.false_discovery_rate
    ]
    return tuple(sorted(signals, key=lambda signal: (signal.person, signal.p_value, signal.key)))


def _signal(row: Row, adjusted: float, history: History) -> Signal:
    records = history[row.person]
    since = row.since_index
    return Signal(
        person=row.person,
        question=row.question,
        direction=row.direction,
        p_value=row.p_value,
        adjusted=adjusted,
        value=row.value,
        expected=row.expected,
        n_cases=row.n_cases,
        n_clips=len(records),
        since_clip=records[since].clip,
        since_index=since,
        last_sound_clip=records[since - 1].clip if since else None,
    )
