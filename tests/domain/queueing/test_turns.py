from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.queueing.rules import Stratum
from services.domain.queueing.turns import Turns

STRATA = list(Stratum)


@given(parts=st.lists(st.integers(1, 1000), min_size=1, max_size=len(STRATA)))
def test_every_prefix_keeps_every_share_within_one(parts):
    shares = dict(zip(STRATA, (np.array(parts) / sum(parts)).tolist(), strict=False))
    turns, counts = Turns(shares), Counter()
    for n_turns in range(1, 200):
        chosen = turns.peek()
        turns.take(chosen)
        counts[chosen] += 1
        for stratum, share in shares.items():
            assert abs(counts[stratum] - n_turns * share) < 1


def test_who_has_no_share_has_no_turn():
    turns = Turns({Stratum.TYPICAL: 1.0, Stratum.RARE: 0.0})
    assert list(turns.shares) == [Stratum.TYPICAL]
    assert turns.peek() is Stratum.TYPICAL


def test_a_dropped_share_goes_to_the_others_in_proportion():
    turns = Turns({Stratum.TYPICAL: 0.2, Stratum.UNCERTAIN: 0.4, Stratum.RARE: 0.4})
    turns.take(turns.peek())
    turns.drop(Stratum.RARE)
    assert turns.shares == pytest.approx({Stratum.TYPICAL: 1 / 3, Stratum.UNCERTAIN: 2 / 3})
    counts = Counter()
    for _ in range(30):
        chosen = turns.peek()
        turns.take(chosen)
        counts[chosen] += 1
    assert counts == {Stratum.TYPICAL: 10, Stratum.UNCERTAIN: 20}
