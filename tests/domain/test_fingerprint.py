"""Comparing fingerprints: made by hand, so that every distance is known."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.errors import InputError
from services.domain.fingerprint import SAMPLE, Fingerprint, Likeness, likeness


def samples(n, *, energy=40, seed=0):
    random = np.random.default_rng(seed)
    made = np.zeros(n, dtype=SAMPLE)
    for name in ("look", "change"):
        made[name] = random.integers(0, 2**63, n, dtype=np.uint64) << np.uint64(1)
    made["energy"] = energy
    return made


def of(made):
    return Fingerprint(data=made.tobytes())


def flipped(made, n_bits, *, names=("look", "change")):
    """Turn the same number of signs over in every sample."""
    other = made.copy()
    for name in names:
        other[name] ^= np.uint64((1 << n_bits) - 1 << 1)
    return other


def test_the_same_is_no_distance_apart():
    found = likeness(of(samples(40)), of(samples(40)))
    assert found == Likeness(look=0, change=0, shift_s=Fraction(0), overlap_s=Fraction(10))
    assert found.is_near


def test_distances_are_shares_of_signs():
    found = likeness(of(samples(40)), of(flipped(samples(40), 7, names=("change",))))
    assert (found.look, found.change) == (0, pytest.approx(7 / 63))
    assert found.distance == pytest.approx(3.5 / 63)


@pytest.mark.parametrize(("n_bits", "near"), [(11, True), (13, False)])
def test_near_is_a_share_of_signs(n_bits, near):
    assert likeness(of(samples(40)), of(flipped(samples(40), n_bits))).is_near is near


@pytest.mark.parametrize(
    ("n_samples", "n_bits", "near"),
    [
        (80, 20, True),
        (79, 20, False),
        (79, 11, True),
        (20, 11, True),
        (19, 11, False),
        (19, 6, True),
    ],
)
def test_before_one_fixed_camera_short_videos_have_to_change_alike(n_samples, n_bits, near):
    one = samples(n_samples)
    found = likeness(of(one), of(flipped(one, n_bits, names=("change",))))
    assert found.look == 0
    assert found.is_near is near


def test_strangers_are_about_half_apart():
    found = likeness(of(samples(300)), of(samples(200, seed=1)))
    assert found.distance > 0.4
    assert not found.is_near


@given(st.integers(12, 400), st.integers(0, 200), st.integers(6, 200), st.integers(0, 7))
def test_an_excerpt_is_found_where_it_was_cut(n, first, length, n_bits):
    whole = samples(n)
    part = flipped(whole[first : first + length], n_bits)
    if len(part) < 6:
        return
    found = likeness(of(whole), of(part))
    assert found.shift_s == Fraction(first, 4)
    assert found.overlap_s == Fraction(len(part), 4)
    assert found.distance == pytest.approx(n_bits / 63)
    assert likeness(of(part), of(whole)) == found.mirrored()


def test_overlapping_ends_are_found():
    whole = samples(1000)
    found = likeness(of(whole[:700]), of(whole[350:]))
    assert (found.shift_s, found.overlap_s) == (Fraction(350, 4), Fraction(350, 4))
    assert found.distance == 0


def test_nothing_is_said_of_what_is_too_short_or_does_not_move():
    assert likeness(of(samples(5)), of(samples(5))) is None
    assert likeness(of(samples(0)), of(samples(40))) is None
    assert likeness(of(samples(40, energy=4)), of(samples(40, energy=4))) is None
    moving, still = samples(40), samples(40, energy=0)
    assert likeness(of(moving), of(still)) is None
    still["energy"][:3] = 40
    assert likeness(of(still), of(still)) is None


def test_what_moves_more_counts_more():
    one = samples(20)
    one["energy"][10:] = 8
    early, late = one.copy(), one.copy()
    early["change"][:10] ^= np.uint64(0b11110)
    late["change"][10:] ^= np.uint64(0b11110)
    assert likeness(of(one), of(late)).change < likeness(of(one), of(early)).change


def test_the_constant_terms_bit_is_no_sign():
    made = samples(10)
    assert not np.any(made["look"] & np.uint64(1))


def test_it_travels_as_json_without_loss():
    made = of(samples(33))
    data = made.as_json()
    assert Fingerprint.from_json(data) == made
    assert len(made) == 33
    assert np.array_equal(made.samples, samples(33))


@pytest.mark.parametrize(
    "data",
    [
        {},
        None,
        {"version": 1},
        {"version": 1, "samples": 3},
        {"version": 1, "samples": "!"},
        {"version": 1, "samples": "AAAA"},
        {"version": 2, "samples": ""},
    ],
)
def test_what_is_no_fingerprint_is_refused(data):
    with pytest.raises(InputError):
        Fingerprint.from_json(data)
