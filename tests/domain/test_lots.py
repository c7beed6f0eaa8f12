"""Seats, arbiters, the order of opinions, the control share: fair, and the same every time."""

from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.assignment import choose_arbiter, choose_seats
from services.domain.blindness import candidate_order, shows_prelabel, shows_probe
from services.domain.errors import InputError

CAST = {"ana": 0, "ben": 0, "dan": 0, "eve": 0}
CLIPS = [uuid5(UUID(int=0), str(number)) for number in range(2000)]


def seats(clip: UUID, **more: object) -> tuple[str, ...]:
    given_: dict[str, object] = {"round_": 1, "annotators": CAST, "earlier": set(), "seats": 2}
    return choose_seats(clip_uid=clip, **(given_ | more))  # type: ignore[arg-type]


def test_the_lot_is_the_same_every_time_and_whatever_the_order() -> None:
    backwards = dict(reversed(CAST.items()))
    for clip in CLIPS[:50]:
        assert seats(clip) == seats(clip, annotators=backwards)
        assert len(set(seats(clip))) == 2


def test_the_lot_is_fair() -> None:
    drawn = Counter(name for clip in CLIPS for name in seats(clip))
    # 2000 clips, a half each: 1000, with a standard deviation of 22.
    assert all(abs(drawn[name] - 1000) < 100 for name in CAST)


def test_load_goes_before_the_lot() -> None:
    loads = {"ana": 3, "ben": 1, "dan": 2, "eve": 1}
    assert all(set(seats(clip, annotators=loads)) == {"ben", "eve"} for clip in CLIPS[:50])


def test_fresh_eyes_go_before_load() -> None:
    loads = {"ana": 0, "ben": 0, "dan": 9, "eve": 9}
    chosen = seats(CLIPS[0], annotators=loads, earlier={"ana", "ben"}, round_=2)
    assert set(chosen) == {"dan", "eve"}


def test_earlier_annotators_sit_again_when_nobody_else_is_left() -> None:
    chosen = seats(CLIPS[0], annotators={"ana": 5, "ben": 0, "dan": 7}, earlier={"ana", "ben"})
    assert chosen == ("dan", "ben")


def test_rounds_are_drawn_anew() -> None:
    assert any(seats(clip) != seats(clip, round_=2) for clip in CLIPS[:50])


def test_too_few_annotators_is_said_with_the_remedy() -> None:
    with pytest.raises(
        InputError, match="needs 2 annotators, but the project has 1 active; add"
    ) as caught:
        seats(CLIPS[0], annotators={"ana": 0})
    assert caught.value.code == "too_few_annotators"


def test_who_was_shown_the_known_answer_never_sits_on_the_clip() -> None:
    for clip in CLIPS[:50]:
        assert set(seats(clip, earlier={"dan", "eve"}, excluded={"ana", "ben"})) == {"dan", "eve"}
    with pytest.raises(InputError, match="has 4 active, 3 of whom met this clip") as caught:
        seats(CLIPS[0], excluded={"ana", "ben", "dan", "gone"})
    assert caught.value.code == "too_few_annotators"


@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.integers(0, 5), min_size=2, max_size=8),
    st.sets(st.text(min_size=1, max_size=5)),
    st.integers(1, 3),
)
def test_whoever_is_left_out_had_no_better_claim(
    annotators: dict[str, int], earlier: set[str], round_: int
) -> None:
    chosen = choose_seats(
        clip_uid="c", round_=round_, annotators=annotators, earlier=earlier, seats=2
    )
    claims = [(name in earlier, annotators[name]) for name in chosen]
    left = [(n in earlier, load) for n, load in annotators.items() if n not in chosen]
    assert len(set(chosen)) == 2
    assert all(claim <= other for claim in claims for other in left)


def test_the_arbiter_never_annotated_the_clip() -> None:
    for clip in CLIPS[:50]:
        chosen = choose_arbiter(
            clip_uid=clip, round_=1, arbiters={"ana": 0, "sam": 4, "sue": 4}, excluded={"ana"}
        )
        assert chosen in {"sam", "sue"}


def test_the_least_loaded_arbiter_is_chosen() -> None:
    arbiters = {"sam": 1, "sue": 0}
    assert choose_arbiter(clip_uid="c", round_=1, arbiters=arbiters, excluded=set()) == "sue"


@pytest.mark.parametrize("arbiters", [{}, {"ana": 0}])
def test_no_arbiter_is_said_with_the_remedy(arbiters: dict[str, int]) -> None:
    with pytest.raises(InputError, match="add a member with the role arbiter") as caught:
        choose_arbiter(clip_uid="c", round_=1, arbiters=arbiters, excluded={"ana"})
    assert caught.value.code == "too_few_arbiters"


def test_the_order_of_opinions_does_not_follow_the_order_given() -> None:
    uids = [UUID(int=1), UUID(int=2)]
    orders = [candidate_order(clip, 1, uids) for clip in CLIPS]
    assert orders == [candidate_order(clip, 1, uids[::-1]) for clip in CLIPS]
    n_first = sum(order[0] == uids[0] for order in orders)
    # A fair coin thrown 2000 times: 1000, with a standard deviation of 22.
    assert abs(n_first - 1000) < 100
    assert any(
        candidate_order(clip, 2, uids) != order for clip, order in zip(CLIPS, orders, strict=True)
    )


def test_the_control_share_is_kept() -> None:
    n_bare = sum(not shows_prelabel(clip, 0.2) for clip in CLIPS)
    # 2000 clips, a fifth: 400, with a standard deviation of 18.
    assert abs(n_bare - 400) < 90
    assert all(shows_prelabel(clip, 0.0) for clip in CLIPS)
    assert not any(shows_prelabel(clip, 1.0) for clip in CLIPS)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_about_the_share_of_rounds_has_a_probe(share: float) -> None:
    n = sum(shows_probe(clip, 1, share) for clip in CLIPS)
    assert abs(n / len(CLIPS) - share) <= (0.05 if 0 < share < 1 else 0)


def test_whether_a_round_has_a_probe_is_drawn_anew_and_can_be_repeated() -> None:
    first, second = ([shows_probe(clip, r, 0.5) for clip in CLIPS] for r in (1, 2))
    assert first != second
    assert first == [shows_probe(clip, 1, 0.5) for clip in CLIPS]


def test_probes_do_not_follow_the_controls() -> None:
    """Both lots are drawn from the clip; neither may tell of the other."""
    bare = [clip for clip in CLIPS if not shows_prelabel(clip, 0.5)]
    n = sum(shows_probe(clip, 1, 0.5) for clip in bare)
    assert abs(n / len(bare) - 0.5) <= 0.1
