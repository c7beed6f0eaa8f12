from itertools import pairwise, product

import numpy as np
import pytest

from models.temporal.decode import Evidence, boundary_costs, decode, spread
from models.temporal.rules import rules_in_turn
from models.temporal.tracks import Grid, boundary_targets, class_targets, layer_of, tracks_of
from services.domain.sanity.check import check_submission
from services.domain.segments import Segment, Segmentation, SubmittedSegment
from services.domain.taxonomy import Taxonomy


def taxonomy(*labels, **layer):
    return Taxonomy.parse(
        {"name": "t", "version": 1, "layers": [{"labels": list(labels), **layer}]}
    )


ABC = ({"name": "a"}, {"name": "b"}, {"name": "c"})
RULES = {
    "free": taxonomy(*ABC),
    "complete": taxonomy(*ABC, complete=True),
    "lengths": taxonomy(
        {"name": "a", "min_frames": 3, "max_frames": 5},
        {"name": "b", "min_frames": 2},
        {"name": "c", "max_frames": 4},
    ),
    "followed": taxonomy(
        {"name": "a", "followed_by": ["b"]}, {"name": "b", "followed_by": ["b", "c"]}, {"name": "c"}
    ),
    "steps": taxonomy(*ABC, steps=["a", "b"]),
    "steps, optional": taxonomy(*ABC, steps=["a", "b", "c"], optional_steps=["b"]),
    "steps, repeated": taxonomy(*ABC, steps=["a", "b"], steps_repeat=True),
    "steps, whole": taxonomy(*ABC, steps=["a", "b", "c"], steps_from_end_to_end=True),
    "all": taxonomy(
        {"name": "a", "min_frames": 2, "max_frames": 4, "followed_by": ["b", "c"]},
        {"name": "b", "min_frames": 2},
        {"name": "c", "max_frames": 3},
        complete=True,
        steps=["a", "b"],
        steps_repeat=True,
    ),
}


def evidence(n_steps, n_classes, seed, *, sharp=1.0):
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 2 * sharp, (n_steps, n_classes))
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return Evidence(logs=logs, heat=generator.random((n_steps, 2)) ** 3)


def segments_of(pieces, rules, grid):
    labels = "abc"
    return [
        Segment(
            label=labels[rules.states[piece.state].number - 1],
            onset=grid.frame(piece.low),
            offset=grid.frame(piece.high),
        )
        for piece in pieces
        if rules.states[piece.state].number
    ]


def score(classes_by_cut, seen):
    """A partition's score by its definition: ((class, low, high), ...)."""
    on, off = boundary_costs(seen)
    total = 0.0
    for number, low, high in classes_by_cut:
        total += seen.logs[low:high, number].sum()
        if number and low:
            total += on[low]
        if number and high < len(seen.logs):
            total += off[high]
    return total


def every_partition(n_steps, n_classes):
    """All ways to cut the steps and give each part a class, "nothing" never beside itself."""
    for cuts in product([False, True], repeat=n_steps - 1):
        edges = [0, *(i + 1 for i, cut in enumerate(cuts) if cut), n_steps]
        spans = list(pairwise(edges))
        for numbers in product(range(n_classes), repeat=len(spans)):
            if any(a == b == 0 for a, b in pairwise(numbers)):
                continue
            yield [(n, *span) for n, span in zip(numbers, spans, strict=True)]


def is_sound(parts, rules_taxonomy, grid):
    """What tier 1 says, warnings of touching twins apart: those count as one segment here."""
    submitted = [
        SubmittedSegment(
            region_id=str(i),
            layer="main",
            label="abc"[number - 1],
            onset=grid.frame(low),
            offset=grid.frame(high),
        )
        for i, (number, low, high) in enumerate(parts)
        if number
    ]
    labels = {label.name: label for label in rules_taxonomy.layers[0].labels}
    for one, other in pairwise(parts):
        name = "abc"[one[0] - 1]
        if one[0] == other[0] and name not in (labels[name].followed_by or ()):
            return False
    report = check_submission(submitted, n_frames=grid.n_frames, taxonomy=rules_taxonomy)
    return not any(f.severity == "error" for f in report.findings)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(("n_frames", "stride"), [(6, 1), (11, 2)])
def test_the_path_is_the_best_of_all_that_tier_1_lets_pass(name, n_frames, stride):
    rules_taxonomy, grid = RULES[name], Grid(n_frames=n_frames, stride=stride)
    rules = next(rules_in_turn(rules_taxonomy.layers[0]))
    sound = [
        parts for parts in every_partition(grid.n_steps, 4) if is_sound(parts, rules_taxonomy, grid)
    ]
    for seed in range(4):
        seen = evidence(grid.n_steps, 4, seed)
        pieces = decode(seen, rules, grid)
        if not sound:
            assert pieces is None
            continue
        found = [(rules.states[p.state].number, p.low, p.high) for p in pieces]
        assert found in sound
        assert score(found, seen) == pytest.approx(max(score(parts, seen) for parts in sound))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("seed", range(6))
def test_long_drafts_pass_tier_1(name, seed):
    rules_taxonomy, grid = RULES[name], Grid(n_frames=1201, stride=2)
    rules = next(rules_in_turn(rules_taxonomy.layers[0]))
    pieces = decode(evidence(grid.n_steps, 4, seed), rules, grid)
    submitted = [
        SubmittedSegment(
            region_id=str(i), layer="main", label=s.label, onset=s.onset, offset=s.offset
        )
        for i, s in enumerate(segments_of(pieces, rules, grid))
    ]
    report = check_submission(submitted, n_frames=grid.n_frames, taxonomy=rules_taxonomy)
    assert [f for f in report.findings if f.severity == "error"] == []


def test_a_clip_that_cannot_keep_the_rules_gets_weaker_ones():
    hard = taxonomy(
        {"name": "a", "min_frames": 50}, {"name": "b"}, complete=True, steps=["a"],
        steps_from_end_to_end=True,
    )  # fmt: skip
    grid, seen = Grid(n_frames=10, stride=1), evidence(10, 3, 0)
    tried = [(rules.ignored, decode(seen, rules, grid)) for rules in rules_in_turn(hard.layers[0])]
    assert [ignored for ignored, _ in tried] == [(), ("steps",), ("steps", "complete")]
    assert tried[0][1] is None
    assert tried[1][1] is not None


def test_too_many_states_drop_the_steps():
    names = [f"s{i}" for i in range(40)]
    free = [{"name": f"f{i}", "followed_by": names} for i in range(40)]
    large = taxonomy(*({"name": name} for name in names), *free, steps=names)
    rules = next(rules_in_turn(large.layers[0]))
    assert rules.ignored == ("steps",)


def test_the_heat_decides_where_the_classes_do_not():
    logs = np.log(np.tile([0.02, 0.49, 0.49], (40, 1)))
    logs[:12, 2] -= 3
    logs[28:, 1] -= 3
    heat = np.full((40, 2), 0.01)
    heat[23] = 0.9
    rules = next(rules_in_turn(taxonomy({"name": "a"}, {"name": "b"}).layers[0]))
    seen = Evidence(logs=logs, heat=heat)
    pieces = decode(seen, rules, Grid(n_frames=40, stride=1))
    assert [(p.low, p.high) for p in pieces] == [(0, 23), (23, 40)]
    sharp = spread(seen, rules, *pieces, reach=20)
    vague = spread(Evidence(logs=logs, heat=np.full((40, 2), 0.5)), rules, *pieces, reach=20)
    assert sharp == 0
    assert vague > 3


def test_targets_are_on_steps():
    grid = Grid(n_frames=101, stride=2)
    assert grid.n_steps == 51
    assert [grid.step(f) for f in (0, 1, 2, 3, 100, 101)] == [0, 0, 1, 2, 50, 51]
    (track,) = tracks_of(RULES["free"])
    truth = Segmentation.of(
        [Segment(label="b", onset=0, offset=20), Segment(label="c", onset=40, offset=101)],
        n_frames=101,
    )
    classes = class_targets(truth, track, grid)
    assert np.flatnonzero(np.diff(classes)).tolist() == [9, 19]
    assert (classes[0], classes[10], classes[-1]) == (2, 0, 3)
    heat = boundary_targets(truth, track, grid, sigma=1.0)
    assert np.flatnonzero(heat == 1).tolist() == [20, 51 + 10], "the clip's ends are forced"


def test_what_is_shorter_than_a_step_is_not_covered_by_what_follows():
    (track,) = tracks_of(RULES["free"])
    marked = [("a", 0, 8), ("b", 8, 9), ("a", 9, 20)]
    truth = Segmentation.of(
        [Segment(label=label, onset=onset, offset=offset) for label, onset, offset in marked],
        n_frames=20,
    )
    found = class_targets(truth, track, Grid(n_frames=20, stride=4))
    assert found.tolist() == [1, 1, 2, 1, 1]


def test_layers_that_overlap_are_a_track_a_label():
    two = Taxonomy.parse(
        {
            "name": "t",
            "version": 1,
            "layers": [
                {"name": "main", "labels": list(ABC)},
                {
                    "name": "extra",
                    "exclusive": False,
                    "labels": [{"name": "x", "min_frames": 4, "followed_by": ["y"]}, {"name": "y"}],
                },
            ],
        }
    )
    tracks = tracks_of(two)
    assert [(t.layer, t.labels) for t in tracks] == [
        ("main", ("a", "b", "c")), ("extra", ("x",)), ("extra", ("y",)),
    ]  # fmt: skip
    own = layer_of(tracks[1], two)
    assert (own.labels[0].min_frames, own.labels[0].followed_by) == (4, None)
