"""The pages' figures, made of the sums alone: they cost the same however much was compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from services.domain.monitoring.anchoring import DraftTally
from services.domain.monitoring.durations import TimeTally
from services.domain.monitoring.intervals import Interval, Share
from services.domain.monitoring.limits import share_limits
from services.domain.monitoring.peers import PeerTally, agreement_difference
from services.domain.monitoring.tallies import DeltaTally, LabelTally
from services.tracker.monitoring.layer_figures import layers_by_draft, layers_measured
from services.tracker.monitoring.models import (
    ConfusionSums,
    DayAgreement,
    Inspection,
    LabelAgreement,
    PairAgreement,
    PersonSums,
    SeatSums,
)
from services.tracker.projects.models import Project

Json = dict[str, Any]
FUNNELS = ("misses", "extras", "confusions")
"""Shares of a person that are shown with the limits of the others'."""
_Tally = TypeVar("_Tally", PeerTally, LabelTally, TimeTally, DraftTally)


def project_figures(*, project: Project, taxonomy_version: int | None, n_days: int) -> Json:
    """Say how far blind opinions agree: in all, by label, layer, pair of people and day."""
    labels = LabelAgreement.objects.filter(project=project).select_related("taxonomy")
    if taxonomy_version is not None:
        labels = labels.filter(taxonomy__version=taxonomy_version)
    pairs = PairAgreement.objects.filter(project=project).select_related("user_a", "user_b")
    days = DayAgreement.objects.filter(project=project)
    since = timezone.now().date() - timedelta(days=n_days)
    by_label = _grouped((row.taxonomy.version, row.layer, row.label, row.tally) for row in labels)
    by_pair = _grouped((row.user_a.username, row.user_b.username, row.tally) for row in pairs)
    by_day = _grouped((row.day, row.tally) for row in days.filter(day__gt=since))
    return {
        "overall": _agreement(_total(days)),
        "labels": [
            {"taxonomy_version": version, "layer": layer, "label": label, **_agreement(tally)}
            for (version, layer, label), tally in by_label
        ],
        "layers": layers_measured(project=project, taxonomy_version=taxonomy_version),
        "pairs": [
            {"username_a": a, "username_b": b, **_agreement(tally)} for (a, b), tally in by_pair
        ],
        "days": [{"day": day, **_agreement(tally)} for (day,), tally in by_day],
    }


def annotator_figures(*, project: Project, reference: str, username: str | None) -> Json:
    """Say how each person's answers stand against a reference, label by label."""
    of_people = {"project": project} | ({"user__username": username} if username else {})
    # Everybody's, whoever is asked for: the limits are about what the others show.
    sums = PersonSums.objects.filter(project=project, reference=reference, n_clips__gt=0)
    sums = sums.select_related("user")
    cells = ConfusionSums.objects.filter(**of_people, reference=reference).select_related("user")
    seats = SeatSums.objects.filter(**of_people).select_related("user")
    labels, confusions, times = defaultdict(list), defaultdict(list), defaultdict(list)
    by_label = _grouped((row.user.username, row.layer, row.label, row.tally) for row in sums)
    funnels = _funnels(by_label)
    for (name, layer, label), tally in by_label:
        if username in {None, name}:
            funnel = {figure: funnels.get((name, layer, label, figure)) for figure in FUNNELS}
            figures = {"layer": layer, "label": label, **_label(tally), "funnel": funnel}
            labels[name].append(figures)
    for name, cell, n in _cells(cells):
        confusions[name].append({**cell, "n": n})
    for row in seats:
        times[row.user.username].append(row.time)
    last = Inspection.objects.filter(project=project).order_by("-id").first()
    reliability = last.reliability if last else {}
    return {
        "reference": reference,
        "people": [
            {
                "username": name,
                "reliability": reliability.get(name),
                "time": _time(sum(times[name], start=TimeTally())),
                "labels": labels[name],
                "confusion": confusions[name],
            }
            for name in sorted({*labels, *times})
        ],
    }


def anchoring_figures(*, project: Project) -> Json:
    """Say how far drafts lead people: agreement with and without, and what was kept of them."""
    days = DayAgreement.objects.filter(project=project)
    with_draft, bare = _total(days.filter(with_draft=True)), _total(days.filter(with_draft=False))
    found = agreement_difference(with_draft, bare)
    difference, interval = (None, None) if found is None else found
    drafts: dict[str, DraftTally] = defaultdict(DraftTally)
    times: dict[tuple[str, bool], TimeTally] = defaultdict(TimeTally)
    for row in SeatSums.objects.filter(project=project).select_related("user"):
        drafts[row.user.username] += row.draft
        times[row.user.username, row.with_draft] += row.time
    return {
        "with_draft": _agreement(with_draft),
        "without_draft": _agreement(bare),
        "difference": _estimate(difference, interval),
        "layers": layers_by_draft(project=project),
        "drafts": _draft(sum(drafts.values(), start=DraftTally())),
        "people": [
            {
                "username": name,
                "time_with_draft": _time(times[name, True]),
                "time_without_draft": _time(times[name, False]),
                "drafts": _draft(drafts[name]),
            }
            for name in sorted(drafts)
        ],
    }


def _total(days: QuerySet[DayAgreement]) -> PeerTally:
    return sum((row.tally for row in days), start=PeerTally())


def _grouped(rows: Iterable[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], Any]]:
    """Add up rows (key..., tally) of the same key; in order of the key."""
    found: dict[tuple[Any, ...], Any] = {}
    for *key, tally in rows:
        known = found.get(tuple(key))
        found[tuple(key)] = tally if known is None else known + tally
    return sorted(found.items())


def _cells(rows: Iterable[ConfusionSums]) -> list[tuple[str, Json, int]]:
    """Return the matrices' cells over all taxonomy versions, those off the diagonal too."""
    found: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for row in rows:
        found[row.user.username, row.layer, row.reference_label, row.answered_label] += row.n
    return [
        (name, {"layer": layer, "reference": one or None, "answered": other or None}, n)
        for (name, layer, one, other), n in sorted(found.items())
        if n
    ]


def _funnels(rows: list[tuple[tuple[Any, ...], LabelTally]]) -> dict[tuple[str, ...], Json]:
    """Return the limits of each person's shares, by (person, layer, label, figure)."""
    shares: dict[tuple[str, str, str], dict[str, Share]] = defaultdict(dict)
    for (name, layer, label), tally in rows:
        for figure in FUNNELS:
            shares[layer, label, figure][name] = getattr(tally, figure)
    return {
        (name, *key): {
            "expected": limits.expected,
            "warning": {"low": limits.warning[0], "high": limits.warning[1]},
            "action": {"low": limits.action[0], "high": limits.action[1]},
        }
        for key, of_people in shares.items()
        for name, limits in share_limits(of_people).items()
    }


def _agreement(tally: PeerTally) -> Json:
    return {
        "n_clips": tally.n_clips,
        "n_segments": tally.n_segments,
        "n_agreed": tally.n_agreed,
        "n_alone": tally.n_alone,
        "n_mislabelled": tally.n_mislabelled,
        "n_shifted": tally.n_shifted,
        "n_divided": tally.n_divided,
        "agreement": _estimate(tally.agreement, tally.agreement_interval),
        "mean_onset_frames": tally.mean_onset_frames,
        "mean_offset_frames": tally.mean_offset_frames,
    }


def _label(tally: LabelTally) -> Json:
    return {
        "n_reference": tally.n_reference,
        "n_answered": tally.n_answered,
        "n_agreed": tally.n_agreed,
        "misses": _share(tally.misses),
        "extras": _share(tally.extras),
        "confusions": _share(tally.confusions),
        "recall": _share(tally.recall),
        "precision": _share(tally.precision),
        "onset": _deltas(tally.onset),
        "offset": _deltas(tally.offset),
    }


def _deltas(tally: DeltaTally) -> Json:
    return {
        "n": tally.n,
        "bias": _estimate(tally.bias, tally.bias_interval()),
        "spread": tally.spread,
        "median": tally.median,
        "deviation": tally.deviation,
        "late": _share(tally.late),
        "early": _share(tally.early),
        "histogram": [{"frames": frames, "n": n} for frames, n in tally.histogram],
    }


def _time(tally: TimeTally) -> Json:
    return {
        "n": tally.n,
        "mean_s": tally.mean_s,
        "typical_s": _estimate(tally.typical_s, tally.typical_interval_s()),
    }


def _draft(tally: DraftTally) -> Json:
    return {
        "n_boundaries": tally.n_boundaries,
        "n_flawed": tally.n_flawed,
        "n_probes": tally.n_probes,
        "untouched": _share(tally.untouched),
        "flaws_kept": _share(tally.flaws_kept),
        "probes_noticed": _share(tally.probes_noticed),
    }


def _share(share: Share) -> Json:
    return _estimate(share.value, share.interval())


def _estimate(value: float | None, interval: Interval | None) -> Json:
    low, high = interval or (None, None)
    return {"value": value, "low": low, "high": high}
