"""Words of a fingerprint: near duplicates share some, strangers hardly any."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.domain.fingerprint import Fingerprint
from services.domain.likeness_words import LEAST_SHARED, MOST_MOMENTS, likeness_words
from tests.domain.test_fingerprint import of, samples


def lively(n, *, seed=0):
    """Make samples of which every sixth or so moves more than its neighbours."""
    made = samples(n, seed=seed)
    made["energy"] = np.random.default_rng(seed).integers(5, 80, n)
    return made


def shared(one, other):
    return len(set(likeness_words(of(one))) & set(likeness_words(of(other))))


@given(st.integers(40, 400), st.integers(0, 200), st.integers(0, 100))
def test_an_excerpt_shares_the_words_of_its_moments(n, first, seed):
    whole = lively(n, seed=seed)
    part = whole[min(first, n // 2) :]
    moments = len(likeness_words(of(part))) / 6
    assert shared(whole, part) >= 6 * (moments - 2)


def test_a_copy_shares_words_though_signs_differ():
    random = np.random.default_rng(0)
    whole = lively(60)
    copy = whole.copy()
    for name in ("look", "change"):
        wrong = random.random((60, 64)) < 0.1
        copy[name] ^= (wrong * np.left_shift(np.uint64(1), np.arange(64, dtype=np.uint64))).sum(
            axis=1, dtype=np.uint64
        )
    assert shared(whole, copy) >= LEAST_SHARED


def test_strangers_share_hardly_any():
    pairs = [shared(lively(200, seed=2 * n), lively(200, seed=2 * n + 1)) for n in range(40)]
    assert sum(n >= LEAST_SHARED for n in pairs) <= 4


def test_what_stands_still_has_none():
    assert likeness_words(of(samples(60, energy=4))) == []
    assert likeness_words(Fingerprint(data=b"")) == []


def test_a_video_of_hours_has_no_more_than_its_liveliest_moments():
    words = likeness_words(of(lively(40_000)))
    assert 5 * MOST_MOMENTS < len(words) <= 6 * MOST_MOMENTS
    assert words == sorted(set(words))
    assert words[0] >= 0
    assert words[-1] < 6 << 16
