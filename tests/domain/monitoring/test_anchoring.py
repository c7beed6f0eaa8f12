from __future__ import annotations

import pytest

from services.domain.errors import InputError
from services.domain.monitoring.anchoring import DraftTally, draft_tally
from services.domain.monitoring.intervals import Share
from services.domain.monitoring.probes import Probe
from services.domain.policy import Policy
from services.domain.taxonomy import Side
from tests.domain.notation import opinion, taxonomy


def tallied(
    draft: str, answer: str, reference: str | None = None, probe: Probe | None = None
) -> DraftTally:
    return draft_tally(
        opinion(draft),
        opinion(answer),
        taxonomy=taxonomy(Y={"offset_tolerance": 0}),
        policy=Policy(tolerance_frames=3),
        reference=None if reference is None else opinion(reference),
        probe=probe,
    )


def test_what_is_left_as_it_was_counts_boundary_by_boundary() -> None:
    found = tallied("X 10-40, Y 50-80", "X 10-42, Z 50-80")
    assert found == DraftTally(n_boundaries=4, n_untouched=1)
    assert found.untouched == Share(part=1, whole=4)


def test_edges_of_the_clip_do_not_count() -> None:
    assert tallied("X 0-40, Y 50-1000", "X 0-40, Y 50-1000").n_boundaries == 2


def test_a_flaw_is_what_the_reference_refutes_beyond_the_tolerance() -> None:
    # Onset 3 off passes and offset 4 off does not; Y's offset has a tolerance of 0.
    found = tallied("X 10-40, Y 50-80", "X 10-40, Y 50-81", reference="X 13-44, Y 50-81")
    assert (found.n_flawed, found.n_flaws_kept) == (2, 1)
    assert found.flaws_kept.value == 0.5


def test_a_draft_of_what_is_not_there_is_flawed_on_both_sides() -> None:
    assert tallied("Z 10-40", "", reference="X 10-40") == DraftTally(n_boundaries=2, n_flawed=2)


def test_probes_are_counted_where_they_can_be_told() -> None:
    probe = Probe(layer="main", label="X", side=Side.ONSET, frame=10, moved_to=22)
    kept = tallied("X 22-40", "X 22-40", reference="X 10-40", probe=probe)
    assert (kept.n_probes, kept.n_noticed, kept.n_flaws_kept) == (1, 0, 1)
    undone = tallied("X 22-40", "X 11-40", probe=probe)
    assert undone.probes_noticed == Share(part=1, whole=1)
    assert tallied("X 22-40", "", probe=probe).n_probes == 0


def test_tallies_of_drafts_add_up() -> None:
    one = DraftTally(n_boundaries=4, n_untouched=2, n_flawed=1, n_flaws_kept=1)
    assert (one + one).n_untouched == 4
    assert DraftTally.from_json((one + DraftTally()).as_json()) == one
    with pytest.raises(InputError, match="not a tally of drafts"):
        DraftTally.from_json({"n_wrong": 1})
