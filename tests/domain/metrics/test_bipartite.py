"""Maximum matchings: as many as SciPy's, and in seconds where SciPy's does not return."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from services.domain.metrics.bipartite import NONE, Numbers, Pairs, extend_matching
from services.domain.metrics.pair import measure_pair
from services.domain.segments import Segment


def pairs_of(graph: csr_array) -> Pairs:
    return Pairs(graph.indptr.tolist(), graph.indices.astype(np.int32))


def nobody(n_rows: int) -> Numbers:
    return np.full(n_rows, NONE)


def test_a_path_through_others_is_found() -> None:
    # Greedily 0 takes 0 and 1 takes 1; then 2, who knows 0 alone, needs both to move on.
    found = extend_matching(Pairs([0, 2, 4, 5], np.int32([0, 1, 1, 2, 0])), nobody(3), n_columns=3)
    assert found.tolist() == [1, 2, 0]


def test_nobody_and_nothing() -> None:
    none = np.int32([])
    assert extend_matching(Pairs([0], none), nobody(0), n_columns=0).tolist() == []
    assert extend_matching(Pairs([0, 0], none), nobody(1), n_columns=3).tolist() == [NONE]


@pytest.mark.parametrize("seed", range(20))
def test_as_many_as_scipy_and_from_any_matching_on(seed: int) -> None:
    dice = np.random.default_rng(seed)
    for _ in range(50):
        shape = tuple(dice.integers(1, 40, 2))
        wide = dice.random(shape) < dice.choice([0.03, 0.1, 0.4])
        graph = csr_array(wide)
        most = np.count_nonzero(maximum_bipartite_matching(graph, perm_type="column") >= 0)
        found = extend_matching(pairs_of(graph), nobody(shape[0]), n_columns=shape[1])
        matched = np.flatnonzero(found != NONE)
        assert len(matched) == len(set(found[matched].tolist())) == most
        assert wide[matched, found[matched]].all()
        wider = wide | (dice.random(shape) < 0.05)
        more = extend_matching(pairs_of(csr_array(wider)), found, n_columns=shape[1])
        graph = csr_array(wider)
        most = np.count_nonzero(maximum_bipartite_matching(graph, perm_type="column") >= 0)
        assert np.count_nonzero(more != NONE) == most
        assert (more[matched] != NONE).all()


def test_a_crowd_in_which_all_lie_over_each_other_ends_in_seconds() -> None:
    dice = np.random.default_rng(1)
    n = 2_000

    def crowd() -> list[Segment]:
        ends = zip(dice.integers(0, 201, n), dice.integers(300, 501, n), strict=True)
        return [Segment(label="X", onset=int(on), offset=int(off)) for on, off in ends]

    started = time.process_time()
    found = measure_pair(crowd(), crowd(), n_frames=1_000, tolerances=[0, 1, 2, 3, 5, 10])
    assert time.process_time() - started < 10  # 0.2 s at the time of writing
    counts = found.seg_match_label
    assert counts == found.seg_match_anylabel
    assert list(counts) == sorted(counts)
    assert counts[-1] > 0.99 * n
