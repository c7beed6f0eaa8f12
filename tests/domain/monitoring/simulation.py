"""A panel of annotators on gold, with planted faults: sums as the tracker keeps them.

Sound people are not alike: each has a bias, a precision and rates of their own, and each clip
its own difficulty. That is what a filter must not take for a fault.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from services.domain.monitoring.anchoring import DraftTally
from services.domain.monitoring.confusion import ConfusionTally
from services.domain.monitoring.judge import judge
from services.domain.monitoring.looks import stands_again
from services.domain.monitoring.records import ClipRecord
from services.domain.monitoring.tallies import DeltaTally, LabelTally
from services.domain.policy import Monitoring
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Side

LABELS = ("A", "B", "C", "D")
LAYER = "main"


@dataclass(slots=True, kw_only=True)
class Person:
    """What one annotator is like; a fault changes it."""

    onset_bias: float
    offset_bias: float
    scatter: float
    miss: float
    extra: float
    confuse: float
    keep: float  # share of a draft's wrong boundaries left as they are
    swaps: Mapping[str, tuple[str, float]]


Fault = Callable[[Person], None]


def late_offsets(person: Person) -> None:
    person.offset_bias += 4.0


def confused_pair(person: Person) -> None:
    person.swaps = {"A": ("B", 0.35), "B": ("A", 0.35)}


def rubber_stamping(person: Person) -> None:
    person.keep = 0.95


FAULTS: Mapping[str, Fault] = {
    "late": late_offsets,
    "confused": confused_pair,
    "stamper": rubber_stamping,
}


def sound(rng: np.random.Generator) -> Person:
    return Person(
        onset_bias=rng.normal(0, 0.4),
        offset_bias=rng.normal(0, 0.4),
        scatter=rng.uniform(1.2, 1.8),
        miss=_own(rng, 0.04),
        extra=_own(rng, 0.03),
        confuse=_own(rng, 0.02),
        keep=_own(rng, 0.25),
        swaps={},
    )


def _own(rng: np.random.Generator, rate: float) -> float:
    """A rate of one's own, varying by 40 % of the common one."""
    strength = (1 - rate) / (rate * 0.4**2)
    return float(rng.beta(rate * strength, (1 - rate) * strength))


def panel(
    rng: np.random.Generator,
    *,
    n_people: int = 20,
    n_clips: int = 30,
    faults: Mapping[str, Fault] = FAULTS,
    fault_from: int = 0,
) -> dict[str, list[ClipRecord]]:
    """Records of everybody; the faulty are named after their fault, the sound p00, p01, ..."""
    names = [*faults, *(f"p{i:02}" for i in range(n_people - len(faults)))]
    history = {}
    for name in names:
        person = sound(rng)
        records = []
        for clip in range(n_clips):
            if clip == fault_from and name in faults:
                faults[name](person)
            records.append(_record(rng, person, f"{name}-{clip}"))
        history[name] = records
    return history


def _record(rng: np.random.Generator, person: Person, clip: str) -> ClipRecord:
    hard = rng.gamma(4, 0.25)  # mean 1: multiplies every rate
    drift = rng.normal(0, 0.4, size=2)  # what is late in a clip is late together
    n_segments = rng.integers(1, 4, size=len(LABELS))
    counts: dict[str, Counter[str]] = {label: Counter() for label in LABELS}
    cells: Counter[tuple[str, str | None, str | None]] = Counter()
    sides: dict[str, tuple[list[int], list[int]]] = {label: ([], []) for label in LABELS}
    for label, n in zip(LABELS, n_segments, strict=True):
        for _ in range(n):
            given = _answer(rng, person, label, hard)
            counts[label]["n_reference"] += 1
            cells[LAYER, label, given] += 1
            if given is None:
                counts[label]["n_missed"] += 1
                continue
            counts[given]["n_answered"] += 1
            if given != label:
                counts[label]["n_confused"] += 1
                counts[given]["n_mistaken"] += 1
                continue
            onset = _delta(rng, person.onset_bias + drift[0], person.scatter)
            offset = _delta(rng, person.offset_bias + drift[1], person.scatter)
            agrees = abs(onset) <= 3 and abs(offset) <= 3
            counts[label]["n_agreed" if agrees else "n_shifted"] += 1
            sides[label][0].append(onset)
            sides[label][1].append(offset)
        n_extra = int(rng.binomial(n, min(1.0, person.extra * hard)))
        counts[label].update(n_answered=n_extra, n_extra=n_extra)
        cells[LAYER, None, label] += n_extra
    n_boundaries = 2 * int(n_segments.sum())
    n_flawed = int(rng.binomial(n_boundaries, 0.1))
    n_kept = int(rng.binomial(n_flawed, person.keep))
    return ClipRecord(
        clip=clip,
        labels={
            (LAYER, label): LabelTally(
                **counts[label],
                onset=DeltaTally.of(sides[label][0]),
                offset=DeltaTally.of(sides[label][1]),
            )
            for label in LABELS
        },
        confusion=ConfusionTally.of(cells),
        draft=DraftTally(
            n_boundaries=n_boundaries,
            n_untouched=n_kept + (n_boundaries - n_flawed) // 2,
            n_flawed=n_flawed,
            n_flaws_kept=n_kept,
        ),
    )


def _answer(rng: np.random.Generator, person: Person, label: str, hard: float) -> str | None:
    swap, share = person.swaps.get(label, (label, 0.0))
    if rng.random() < share:
        return swap
    lot = rng.random()
    if lot < person.miss * hard:
        return None
    if lot < (person.miss + person.confuse) * hard:
        return str(rng.choice([other for other in LABELS if other != label]))
    return label


def _delta(rng: np.random.Generator, bias: float, scatter: float) -> int:
    """Most boundaries are near; a few are another event's."""
    wide = 8.0 if rng.random() < 0.03 else scatter
    return round(rng.normal(bias, wide))


def film(rng: np.random.Generator, *, n_segments: int = 10) -> Segmentation:
    """A gold clip: segments of some seconds, now and then with a gap between."""
    segments = []
    frame = 20
    for _ in range(n_segments):
        offset = frame + int(rng.integers(25, 70))
        label = str(rng.choice(LABELS))
        segments.append(Segment(label=label, onset=frame, offset=offset, layer=LAYER))
        frame = offset + int(rng.choice([0, 10, 25]))
    return Segmentation.of(segments, n_frames=frame + 30)


def draft_of(rng: np.random.Generator, gold: Segmentation) -> Segmentation:
    """A machine's draft: every fourth boundary is some frames off."""
    return _shaken(gold, lambda _: int(rng.choice([0, 0, 0, 0, 0, 0, -8, 8])))


def answer_of(
    rng: np.random.Generator, person: Person, gold: Segmentation, draft: Segmentation
) -> Segmentation:
    """A person's answer: own work, or where nobody looks the draft as it was."""
    if person.keep > 0.9:
        return draft
    seen = []
    for segment in gold:
        given = _answer(rng, person, segment.label, 1.0)
        if given is not None:
            seen.append(replace(segment, label=given))
    biases = {Side.ONSET: person.onset_bias, Side.OFFSET: person.offset_bias}
    return _shaken(
        Segmentation.of(seen, n_frames=gold.n_frames),
        lambda side: round(rng.normal(biases[side], person.scatter)),
    )


def _shaken(opinion: Segmentation, by: Callable[[Side], int]) -> Segmentation:
    """Move every boundary; what would run into the segment before begins where it ends."""
    moved: list[Segment] = []
    for segment in opinion:
        least = moved[-1].offset if moved else 0
        onset = max(least, segment.onset + by(Side.ONSET))
        offset = min(opinion.n_frames, max(onset + 5, segment.offset + by(Side.OFFSET)))
        moved.append(replace(segment, onset=onset, offset=offset))
    return Segmentation.of(moved, n_frames=opinion.n_frames)


def watched(
    history: Mapping[str, list[ClipRecord]], *, looks: Iterable[int], rules: Monitoring
) -> tuple[dict[str, int], dict[str, int]]:
    """Let the monitor look when everybody has so many clips, as the tracker does.

    Return at which look people were first seen, and at which one they were first acted on.
    """
    known: defaultdict[str, set[str]] = defaultdict(set)
    alarms: list[tuple[str, set[str], int]] = []
    seen: dict[str, int] = {}
    acted: dict[str, int] = {}
    for n in looks:
        so_far = {name: records[:n] for name, records in history.items()}
        named: defaultdict[str, set[str]] = defaultdict(set)
        for signal in judge(so_far, rules):
            named[signal.person].add(signal.key)
        for person, keys, at in alarms:
            if person not in acted and keys & named[person]:
                asked = {"person": person, "keys": keys, "n_later": n - at}
                if stands_again(so_far, rules, **asked):
                    acted[person] = n
        for person, keys in named.items():
            if new := keys - known[person]:
                known[person] |= new
                alarms.append((person, new, n))
                seen.setdefault(person, n)
    return seen, acted
