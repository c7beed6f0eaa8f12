"""Tier 1's rules on steps: their order, and steps that were left out.

Conventions
-----------
Only labels that are steps of the layer are looked at, by onset (steps that begin together
stand in the order of the steps). The same step twice in a row is one step in two pieces.

A step that comes right after a later one is ``out_of_order``, once for each such descent,
so that one slip is one finding. Where the steps repeat, a descent to a step that a pass can
begin with (every step before it is optional) begins a new pass instead.

A required step is ``skipped_step`` where the same pass has nothing of it, but has steps
before and after it. What lies before the first step seen and after the last one is asked
for only where the clip shows the whole procedure, and at the end of every pass but the
last: the next one began, so it was over. A step that is there in the wrong place is out of
order, not skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from services.domain.sanity.findings import Finding, listed, make_finding, quoted, said
from services.domain.sanity.regions import Region
from services.domain.taxonomy import Layer


@dataclass(frozen=True, slots=True)
class _Step:
    """A region and where its label stands among the steps."""

    rank: int
    region: Region


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hole:
    """Between which steps something is missing; None is the clip's own begin or end."""

    before: _Step | None
    after: _Step | None


def step_findings(layer: Layer, regions: Sequence[Region], *, n_frames: int) -> Iterator[Finding]:
    """Check one layer's regions against the order of its steps."""
    if not layer.steps:
        return
    ranks = {step: rank for rank, step in enumerate(layer.steps)}
    found = [
        _Step(ranks[region.segment.label], region)
        for region in regions
        if region.segment.label in ranks
    ]
    found.sort(key=lambda step: (step.region.segment.onset, step.rank))  # stable: then as given
    passes = _passes(layer, found)
    for one in passes:
        yield from _out_of_order(layer, one)
    for number, one in enumerate(passes, start=1):
        follower = passes[number][0] if number < len(passes) else None
        yield from _skipped(layer, one, follower=follower, n_frames=n_frames)


def _passes(layer: Layer, found: Sequence[_Step]) -> list[list[_Step]]:
    """Cut the steps into passes; there is always one, which may be empty."""
    passes: list[list[_Step]] = [[]]
    openers = _openers(layer) if layer.steps_repeat else ()
    for step in found:
        current = passes[-1]
        descends = bool(current) and step.rank < current[-1].rank
        if descends and layer.steps[step.rank] in openers:
            passes.append([step])
        else:
            current.append(step)
    return passes


def _openers(layer: Layer) -> tuple[str, ...]:
    """Return the steps that a pass can begin with: up to the first that is required."""
    first = next(
        (rank for rank, step in enumerate(layer.steps) if step not in layer.optional_steps),
        len(layer.steps),
    )
    return layer.steps[: first + 1]


def _out_of_order(layer: Layer, one: Sequence[_Step]) -> Iterator[Finding]:
    for before, after in pairwise(one):
        if after.rank >= before.rank:
            continue
        early, late = before.region.segment, after.region.segment
        new_pass = ""
        if layer.steps_repeat:
            openers = listed(_openers(layer), last="or")
            new_pass = f" Going through the steps again begins with {openers}."
        yield make_finding(
            "out_of_order",
            f"{said(late)} comes after {said(early)}, but the step {quoted(late.label)} belongs "
            f"before {quoted(early.label)}.{new_pass} Correct the labels or their places.",
            frames=(early.onset, max(early.offset, late.offset)),
            layer=layer.name,
            label=late.label,
            ids=(before.region.id, after.region.id),
        )


def _skipped(
    layer: Layer,
    one: Sequence[_Step],
    *,
    follower: _Step | None,
    n_frames: int,
) -> Iterator[Finding]:
    """Report what one pass lacks, once for each place where something is missing."""
    seen = {step.rank for step in one}
    whole = layer.steps_from_end_to_end
    low = 0 if whole else min(seen, default=0)
    high = len(layer.steps) - 1 if whole or follower is not None else max(seen, default=-1)
    missing = [
        rank
        for rank in range(low, high + 1)
        if rank not in seen and layer.steps[rank] not in layer.optional_steps
    ]
    for hole, ranks in groupby(missing, key=lambda rank: _hole(one, rank, follower)):
        yield _lacking(layer, hole, [layer.steps[rank] for rank in ranks], n_frames=n_frames)


def _hole(one: Sequence[_Step], rank: int, follower: _Step | None) -> _Hole:
    """Return the first place in a pass where a step that it lacks could be."""
    if all(step.rank < rank for step in one):
        return _Hole(before=one[-1] if one else None, after=follower)
    if all(step.rank > rank for step in one):
        return _Hole(before=None, after=one[0])
    return next(
        _Hole(before=before, after=after)
        for before, after in pairwise(one)
        if min(before.rank, after.rank) < rank < max(before.rank, after.rank)
    )


def _lacking(layer: Layer, hole: _Hole, steps: list[str], *, n_frames: int) -> Finding:
    around = [step.region for step in (hole.before, hole.after) if step is not None]
    are = "step %s is" if len(steps) == 1 else "steps %s are"
    named = f"the {are % listed(steps, last='and')}"
    if hole.before is not None and hole.after is not None:
        where = f"Between {said(around[0].segment)} and {said(around[1].segment)} {named} missing"
    elif hole.before is not None:
        where = f"After {said(around[0].segment)} {named} missing up to the end of the clip"
    elif hole.after is not None:
        where = f"Before {said(around[0].segment)} {named} missing from the start of the clip"
    else:
        where = f"{named[0].upper()}{named[1:]} missing: the clip shows the whole procedure"
    return make_finding(
        "skipped_step",
        f"{where}. Mark what is missing, or correct the labels around it.",
        frames=(
            0 if hole.before is None else hole.before.region.segment.onset,
            n_frames if hole.after is None else max(region.segment.offset for region in around),
        ),
        layer=layer.name,
        label=steps[0] if len(steps) == 1 else None,
        ids=tuple(region.id for region in around),
    )
