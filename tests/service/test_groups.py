"""Clips that are groups of views: declared, claimed, found, refused and corrected."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.client.payloads import ClipIn, GroupViewDone, GroupViewIn, IngestDone, IngestRefused
from services.domain.errors import InputError
from services.domain.workflow import ClipState, Stage
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip
from tests import factories
from tests.service.play import Play

pytestmark = pytest.mark.db

FRONT = "file:///videos/take/front.mp4"
SIDE = "file:///videos/take/side.mp4"
PLACE = {
    "offset_s": "5/4",
    "drift_ppm": "12",
    "method": "audio",
    "confidence": 0.97,
    "error_ms": 0.2,
}
MAP = {"n_missing": 31, "n_repeated": 0, "n_unseen": 2, "sha256": "ab" * 32}


def group(*views: GroupViewIn, source: str = FRONT) -> ClipIn:
    given = views or (
        GroupViewIn(name="front", source_uri=FRONT),
        GroupViewIn(name="side", source_uri=SIDE),
    )
    return ClipIn(name="take", source_uri=source, views=list(given))


def register(play: Play, clip: ClipIn) -> UUID:
    (done,) = play["lea"].clips_register("kitchen", [clip])
    return done.uid


def found(name: str, sha256: str, **more: Any) -> GroupViewDone:
    plain = factories.ingest_done()
    return GroupViewDone(
        **{
            "name": name,
            "sha256": sha256 * 64,
            "timebase": plain.timebase,
            "probe": plain.probe,
            "alignment": None,
            "frame_map": None,
        }
        | more
    )


def done(*views: GroupViewDone) -> IngestDone:
    given = views or (found("front", "a"), found("side", "b", alignment=PLACE, frame_map=MAP))
    return factories.ingest_done().model_copy(update={"views": list(given)})


def is_sound(uid: UUID) -> bool:
    clip = Clip.objects.get(uid=uid)
    events = clip.events.order_by("seq")
    return history_verify(clip_uid=uid, events=events) == (clip.state, clip.round, clip.head)


def test_a_group_is_one_clip_whose_views_are_known(play: Play) -> None:
    uid = register(play, group())
    item = play.claim_one(Stage.INGEST)
    assert [(view.name, view.source_uri) for view in item.views] == [
        ("front", FRONT),
        ("side", SIDE),
    ]
    play.report(item, done())
    clip = play.clip(uid)
    assert clip.state is ClipState.INGESTED
    front, side = clip.views
    assert (front.alignment, front.frame_map) == (None, None)
    assert (side.alignment, side.frame_map) == (PLACE, MAP)
    assert (side.sha256, side.n_frames, side.rate) == ("b" * 64, clip.n_frames, clip.rate)
    registered, ingested = Clip.objects.get(uid=uid).events.order_by("seq")
    assert [view["name"] for view in registered.payload["views"]] == ["front", "side"]
    assert ingested.payload["views"][1]["alignment"] == PLACE
    assert is_sound(uid)


def test_a_clip_of_one_view_has_none(play: Play) -> None:
    (uid,) = play.register()
    item = play.claim_one(Stage.INGEST)
    assert item.views == []
    play.report(item, factories.ingest_done())
    assert play.clip(uid).views == []


def test_offsets_are_kept_as_exact_numbers(play: Play) -> None:
    side = GroupViewIn(name="side", source_uri=SIDE, offset_s="1.25", drift_ppm="-0.5")
    uid = register(play, group(GroupViewIn(name="front", source_uri=FRONT), side))
    assert (play.clip(uid).views[1].offset_s, play.clip(uid).views[1].drift_ppm) == ("5/4", "-1/2")


@pytest.mark.parametrize(
    ("views", "source"),
    [
        ([("front", FRONT, {})], FRONT),
        ([("front", FRONT, {}), ("side", SIDE, {})], SIDE),
        ([("front", FRONT, {}), ("front", SIDE, {})], FRONT),
        ([("front", FRONT, {}), ("side", FRONT, {})], FRONT),
        ([("front", FRONT, {"offset_s": "1"}), ("side", SIDE, {})], FRONT),
        ([("front", FRONT, {}), ("side", SIDE, {"offset_s": "soon"})], FRONT),
        ([("front", FRONT, {}), ("side", SIDE, {"sync": "given"})], FRONT),
        ([("front", FRONT, {}), ("side", "/etc/passwd", {})], FRONT),
        ([(f"v{k}", f"{FRONT}{k}", {}) for k in range(10)], f"{FRONT}0"),
    ],
)
def test_a_group_that_contradicts_itself_is_refused(
    play: Play, views: list[tuple[str, str, dict[str, Any]]], source: str
) -> None:
    given = [GroupViewIn(name=name, source_uri=uri, **more) for name, uri, more in views]
    with pytest.raises(InputError) as caught:
        register(play, group(*given, source=source))
    assert caught.value.errors[0]["pointer"].startswith("/clips/0/views")


@pytest.mark.parametrize(
    "views",
    [
        [],
        [found("front", "a")],
        [found("side", "b", alignment=PLACE), found("front", "a")],
        [found("front", "a"), found("side", "b")],
        [found("front", "a"), found("side", "b", alignment={"offset_s": "1"})],
    ],
)
def test_ingest_has_to_find_every_view(play: Play, views: list[GroupViewDone]) -> None:
    uid = register(play, group())
    item = play.claim_one(Stage.INGEST)
    report = done().model_copy(update={"views": views})
    with pytest.raises(InputError):
        play.report(item, report)
    assert play.clip(uid).state is ClipState.REGISTERED


def test_a_corrected_manifest_gives_a_refused_group_another_try(play: Play) -> None:
    uid = register(play, group())
    refused = IngestRefused(code="views_not_aligned", detail="View 'side': State offset_s.")
    play.report(play.claim_one(Stage.INGEST), refused)
    register(play, group())
    assert play.clip(uid).state is ClipState.QUARANTINED, "nothing new was said"

    side = GroupViewIn(name="side", source_uri=SIDE, offset_s="3/2")
    assert register(play, group(GroupViewIn(name="front", source_uri=FRONT), side)) == uid
    assert play.clip(uid).state is ClipState.REGISTERED
    item = play.claim_one(Stage.INGEST)
    assert item.views[1].offset_s == "3/2"
    play.report(item, done())
    assert is_sound(uid)

    register(play, group())
    assert play.clip(uid).views[1].offset_s == "3/2", "what is on its way stays as it is"


def test_many_groups_cost_as_few_queries_as_one(
    play: Play, django_assert_max_num_queries: Any
) -> None:
    clips = [
        ClipIn(
            name=f"take {k}",
            source_uri=f"{FRONT}{k}",
            views=[
                GroupViewIn(name="front", source_uri=f"{FRONT}{k}"),
                GroupViewIn(name="side", source_uri=f"{SIDE}{k}"),
            ],
        )
        for k in range(50)
    ]
    with django_assert_max_num_queries(16):
        play["lea"].clips_register("kitchen", clips)
    with django_assert_max_num_queries(12):
        assert sum(len(clip.views) for clip in play["lea"].clips("kitchen")) == 100
