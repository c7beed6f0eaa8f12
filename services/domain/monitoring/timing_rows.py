"""The rows about boundaries: bias and spread of each side, for each label and for all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from services.domain.monitoring.cusum import change_point, cusum
from services.domain.monitoring.ewma import ewma
from services.domain.monitoring.habit import Habit
from services.domain.monitoring.records import History
from services.domain.monitoring.rows import Row
from services.domain.monitoring.signals import Question, SignalKind
from services.domain.monitoring.tallies import DeltaTally, LabelKey
from services.domain.monitoring.timing import (
    Track,
    Values,
    common_place,
    distances,
    habit,
    means,
    merge_tracks,
    normal_scores,
    scatter,
)
from services.domain.policy import Monitoring
from services.domain.taxonomy import Side

_KINDS = (SignalKind.BIAS, SignalKind.SPREAD)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Everybody's tracks of one question, with the figures in frames to report."""

    question: Question
    common: float
    tracks: Mapping[str, Track]
    frames: Mapping[str, Track]


def timing_rows(history: History, *, rules: Monitoring) -> Iterator[Row]:
    """Yield a row for each person and each figure they have enough clips of."""
    for side in Side:
        collected = sorted(_collect(history, side).items())
        for kind in _KINDS:
            panels = [
                _panel(Question(kind=kind, layer=layer, label=label, side=side), people)
                for (layer, label), people in collected
            ]
            if len(panels) > 1:
                panels.append(_panel_of_all(Question(kind=kind, side=side), panels))
            for panel in panels:
                yield from _rows(panel, rules=rules)


def _collect(history: History, side: Side) -> dict[LabelKey, dict[str, dict[int, DeltaTally]]]:
    """Lay each label's deltas of each person out clip by clip, leaving out what has none."""
    found: defaultdict[LabelKey, defaultdict[str, dict[int, DeltaTally]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for person, records in history.items():
        for clip, record in enumerate(records):
            for key, tally in record.labels.items():
                held = tally.onset if side is Side.ONSET else tally.offset
                if held.n:
                    found[key][person][clip] = held
    return {key: dict(people) for key, people in found.items()}


def _panel(question: Question, people: Mapping[str, Mapping[int, DeltaTally]]) -> _Panel:
    frames = {person: means(tallies) for person, tallies in people.items()}
    common = common_place(list(frames.values()))
    if question.kind is SignalKind.SPREAD:
        frames = {person: distances(tallies, place=common) for person, tallies in people.items()}
        common = float(np.median([track.mean for track in frames.values()]))
    about = {name: replace(track, values=track.values - common) for name, track in frames.items()}
    return _Panel(question=question, common=common, tracks=about, frames=frames)


def _panel_of_all(question: Question, panels: list[_Panel]) -> _Panel:
    """Join the labels: ranked in units of each label's scatter, reported in frames."""
    scales = [scatter(list(panel.tracks.values())) for panel in panels]
    people = sorted({person for panel in panels for person in panel.tracks})
    tracks = {}
    frames = {}
    for person in people:
        held = [i for i, panel in enumerate(panels) if person in panel.tracks]
        tracks[person] = merge_tracks(
            [panels[i].tracks[person] for i in held], [scales[i] for i in held]
        )
        frames[person] = merge_tracks([panels[i].frames[person] for i in held], [1.0] * len(held))
    weights = [sum(track.counts.sum() for track in panel.tracks.values()) for panel in panels]
    common = float(np.average([panel.common for panel in panels], weights=weights))
    return _Panel(question=question, common=common, tracks=tracks, frames=frames)


def _rows(panel: _Panel, *, rules: Monitoring) -> Iterator[Row]:
    residuals = {person: track.residuals for person, track in panel.tracks.items()}
    for person, track in panel.tracks.items():
        if len(track.clips) < rules.min_clips:
            continue
        names = [name for name in panel.tracks if name != person]
        pool = np.concatenate([np.empty(0), *(residuals[name] for name in names)])
        if len(pool) < rules.min_clips:
            continue
        scores = normal_scores(track.weighted, pool)
        usual = habit([panel.tracks[name] for name in names], pool)
        yield _judged(person, panel, scores, usual=usual, rules=rules)


def _judged(person: str, panel: _Panel, scores: Values, *, usual: Habit, rules: Monitoring) -> Row:
    """Read the chart; a peak within the policy's limit is no evidence at all."""
    if panel.question.kind is SignalKind.BIAS:
        drift = cusum(scores, slack=rules.cusum_slack)
        rises, last = drift.rises, drift.peak_index
        p_value = drift.p_value(usual) if drift.peak > rules.cusum_limit else 1.0
    else:
        average = ewma(scores, weight=rules.ewma_weight)
        rises, last = True, average.peak_index
        p_value = average.p_value(usual) if average.peak > rules.ewma_limit else 1.0
    upto = scores[: last + 1] if rises else -scores[: last + 1]
    since = change_point(upto)
    frames = panel.frames[person]
    biased = panel.question.kind is SignalKind.BIAS
    return Row(
        person=person,
        question=panel.question,
        direction=("late" if rises else "early") if biased else None,
        p_value=p_value,
        value=float(np.average(frames.values[since:], weights=frames.counts[since:])),
        expected=panel.common,
        n_cases=int(frames.counts.sum()),
        since_index=int(frames.clips[since]),
    )
