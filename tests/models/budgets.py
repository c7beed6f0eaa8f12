"""What a model is worth after so many labelled clips, when clips are labelled in a given order.

A pool of clips with a known truth; a few are labelled, a model is trained, the rest is ranked by
what it says of them, the first ones are labelled, and so on. Two learners: models.temporal in
small, and a light one for the many runs that intervals need. People are always right here.
Random is the same ranking with all places given by lot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import stats

from models.synthetic_grammar import Difficulty, draw_sequence, grammar_taxonomy
from models.temporal.dataset import LabelledClip
from models.temporal.evaluate import TOLERANCES, Evaluation, evaluate_drafts
from models.temporal.infer import NetModel, Proposal, propose_segments
from models.temporal.network import NetworkConfig
from models.temporal.settings import TrainConfig
from models.temporal.train import train
from services.domain.queueing.candidates import Candidate, Ranked
from services.domain.queueing.lookalikes import false_alarms
from services.domain.queueing.rank import rank
from services.domain.queueing.rules import QueueRules, QueueShares, Stratum
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from tests.models.light_learner import learn_lightly

SMALL = TrainConfig(
    network=NetworkConfig(
        channels=16, n_prediction_layers=6, n_refinements=1, n_refinement_layers=5, dropout=0.2
    ),
    n_epochs=15,
    least_batches=8,
    batch_size=8,
    learning_rate=4e-3,
)
FIGURES = ("f1_50", "edit", "boundary_mae")


def only(**shares: float) -> QueueRules:
    """Return rules of these strata and no others."""
    none = dict.fromkeys((stratum.value for stratum in Stratum), 0.0)
    return QueueRules(shares=QueueShares(**none | shares))


RANDOM = only(typical=1.0)
HARD_ONLY = only(typical=0.1, uncertain=0.9)
ORDERED = QueueRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Which clips there are.

    ``rare`` is the share of clips of the whole grammar; in the others the second follower of a
    label never comes, so that "close" and "wipe" are seldom. ``ruined`` is the share of clips in
    which noise drowns everything. Each test set has ``n_test`` clips, none of them ruined.
    """

    rare: float
    ruined: float = 0.0
    noise: float = 0.7
    n_pool: int = 100
    n_test: int = 24
    n_segments: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Clips to choose from, and the test sets by name."""

    clips: tuple[LabelledClip, ...]
    tests: Mapping[str, tuple[LabelledClip, ...]]
    taxonomy: Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was measured with so many labelled clips, by test set."""

    n_labelled: int
    figures: Mapping[str, Evaluation]


def draw_pool(folder: Path, world: World, *, seed: int) -> Pool:
    """Draw a pool and its tests: one with the pool's own shares, one of the whole grammar."""
    generator = np.random.default_rng((11, seed))
    folder.mkdir(parents=True, exist_ok=True)

    def clip(number: int, *, whole: bool, ruined: bool = False) -> LabelledClip:
        name = f"{seed}-{number}"
        difficulty = Difficulty(
            noise=6.0 if ruined else world.noise, imbalance=0.0 if whole else 1.0
        )
        features, truth = draw_sequence(
            folder / f"{name}.npy",
            seed=1000 * seed + number,
            difficulty=difficulty,
            n_segments=world.n_segments,
        )
        return LabelledClip(name=name, source=name, features=features, truth=truth)

    lots = generator.random((world.n_pool, 2))
    clips = tuple(
        clip(number, whole=bool(a < world.rare), ruined=bool(b < world.ruined))
        for number, (a, b) in enumerate(lots)
    )
    n_whole = round(world.rare * world.n_test)
    as_pool = tuple(clip(400 + k, whole=k < n_whole) for k in range(world.n_test))
    whole = tuple(clip(700 + k, whole=True) for k in range(world.n_test))
    return Pool(
        clips=clips,
        tests={"as the pool": as_pool, "whole grammar": whole},
        taxonomy=grammar_taxonomy(),
    )


Drafter = Callable[[LabelledClip], Proposal]
Learner = Callable[[Sequence[LabelledClip], Taxonomy, Path, int], Drafter]


def temporal(clips: Sequence[LabelledClip], taxonomy: Taxonomy, folder: Path, seed: int) -> Drafter:
    """Learn as the system does, with a small network."""
    done = train(clips, taxonomy, replace(SMALL, seed=seed), folder)
    model = NetModel(done.checkpoint)
    return lambda clip: propose_segments(model, clip.features)


def light(clips: Sequence[LabelledClip], taxonomy: Taxonomy, folder: Path, seed: int) -> Drafter:
    """Learn in closed form: neither a folder nor a seed is needed."""
    del folder, seed
    return learn_lightly(clips, taxonomy).draft


class Office:
    """Labels a pool's clips, some at a time, and trains a model after each time."""

    def __init__(self, pool: Pool, folder: Path, *, seed: int, learner: Learner) -> None:
        self.pool, self.folder, self.seed, self.learner = pool, folder, seed, learner
        self.labelled: list[LabelledClip] = []
        self.thrown_out: dict[str, float] = {}
        self.before: dict[str, Proposal] = {}
        self.draft: Drafter | None = None
        self.strata: Counter[Stratum] = Counter()

    def like(self, folder: Path) -> Office:
        """Return an office that goes on from here by itself."""
        other = Office(self.pool, folder, seed=self.seed, learner=self.learner)
        other.labelled, other.thrown_out = [*self.labelled], dict(self.thrown_out)
        other.before, other.draft = self.before, self.draft
        return other

    def label(self, n_labelled: int, rules: QueueRules) -> Point:
        """Label clips until there are so many, train, and measure."""
        # Of all, as those labelled before say what is covered and what is thrown out.
        draft_of = self.draft
        drafts = {} if draft_of is None else {c.name: draft_of(c) for c in self.pool.clips}
        known = {clip.name: clip for clip in self.pool.clips}
        for place in self._rank(drafts, rules)[: n_labelled - len(self.labelled)]:
            clip = known[place.uid]
            self.labelled.append(clip)
            self.strata[place.stratum] += 1
            if drafts:
                drafted = drafts[clip.name].segments
                self.thrown_out[clip.name] = share_thrown_out(drafted, clip.truth)
        self.before = drafts
        taxonomy = self.pool.taxonomy
        draft = self.learner(self.labelled, taxonomy, self.folder / str(n_labelled), self.seed)
        self.draft = draft
        return Point(
            n_labelled=n_labelled,
            figures={
                name: evaluate_drafts(
                    ((clip.truth, draft(clip).segments) for clip in clips), taxonomy=taxonomy
                )
                for name, clips in self.pool.tests.items()
            },
        )

    def _rank(self, drafts: Mapping[str, Proposal], rules: QueueRules) -> tuple[Ranked, ...]:
        done = {clip.name for clip in self.labelled}
        waiting = [clip for clip in self.pool.clips if clip.name not in done]
        if not drafts:
            candidates = [Candidate(uid=clip.name, group=clip.source) for clip in waiting]
            return rank(candidates, rules=rules, labelled_shares={}, seed=self.seed)
        alarms = false_alarms(
            np.array([drafts[clip.name].embedding for clip in waiting]),
            judged=np.array([drafts[name].embedding for name in self.thrown_out]),
            thrown_out=list(self.thrown_out.values()),
        )
        return rank(
            [
                self._candidate(clip, drafts, alarm)
                for clip, alarm in zip(waiting, alarms, strict=True)
            ],
            rules=rules,
            labelled_shares=self._labelled_shares(),
            seed=self.seed,
            labelled=[drafts[name].embedding for name in sorted(done)],
            n_before=len(self.thrown_out),
        )

    def _candidate(
        self, clip: LabelledClip, drafts: Mapping[str, Proposal], alarm: float
    ) -> Candidate:
        draft, n_frames = drafts[clip.name], clip.truth.n_frames
        frames: Counter[str] = Counter()
        for segment in draft.segments:
            frames[segment.label] += segment.offset - segment.onset
        disagreement = 0.0
        if clip.name in self.before:
            earlier = Segmentation.of(self.before[clip.name].segments, n_frames=n_frames)
            compared = evaluate_drafts([(earlier, draft.segments)], taxonomy=self.pool.taxonomy)
            disagreement = 1 - (compared.pooled.frame_agree or 0.0)
        return Candidate(
            uid=clip.name,
            uncertainty=draft.uncertainty,
            disagreement=disagreement,
            false_alarm=alarm,
            label_shares={label: count / n_frames for label, count in frames.items()},
            embedding=draft.embedding,
            group=clip.source,
        )

    def _labelled_shares(self) -> dict[str, float]:
        counts = Counter(segment.label for clip in self.labelled for segment in clip.truth)
        total = sum(counts.values())
        names = [label.name for layer in self.pool.taxonomy.layers for label in layer.labels]
        return {name: counts[name] / total for name in names}


def share_thrown_out(draft: Sequence[Segment], truth: Segmentation) -> float:
    """Return the share of drafted segments that share no frame with one of their label."""
    if not draft:
        return 0.0
    kept = sum(
        any(one.label == other.label and one.overlap(other) for other in truth) for one in draft
    )
    return 1 - kept / len(draft)


def curves(
    pool: Pool,
    folder: Path,
    orders: Mapping[str, QueueRules],
    *,
    budgets: Sequence[int],
    seed: int,
    learner: Learner,
) -> dict[str, list[Point]]:
    """Return for each way of ordering what is reached with each number of labelled clips.

    All begin with the same clips, drawn by lot; that first point is left out.
    """
    first = Office(pool, folder / "first", seed=seed, learner=learner)
    first.label(budgets[0], RANDOM)
    found = {}
    for name, rules in orders.items():
        office = first.like(folder / name)
        found[name] = [office.label(n_labelled, rules) for n_labelled in budgets[1:]]
    return found


def figure(evaluation: Evaluation, name: str) -> float:
    """Return one figure; what is undefined, as where nothing is found, counts as the worst."""
    value = evaluation.as_json()[name]
    worst = float(TOLERANCES[-1]) if name == "boundary_mae" else 0.0
    return worst if value is None else float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How much better one order is than another, over seeds; paired, so positive is better."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(np.mean(self.values))

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by Student's t."""
        half = stats.t.ppf(0.975, len(self.values) - 1) * stats.sem(self.values)
        return self.mean - float(half), self.mean + float(half)

    @property
    def wins(self) -> int:
        """Seeds on which it is strictly better."""
        return sum(value > 0 for value in self.values)

    def __str__(self) -> str:
        low, high = self.interval
        n = len(self.values)
        return f"{self.mean:+.3f} [{low:+.3f}, {high:+.3f}], better on {self.wins} of {n}"


def difference(
    runs: Sequence[Mapping[str, list[Point]]], one: str, other: str, *, test: str, name: str
) -> Difference:
    """Compare two orders by a figure's mean over the budgets, seed by seed."""
    sign = -1 if name == "boundary_mae" else 1

    def reached(points: list[Point]) -> float:
        return float(np.mean([figure(point.figures[test], name) for point in points]))

    return Difference(values=tuple(sign * (reached(r[one]) - reached(r[other])) for r in runs))
