"""Registration, lists, history and retries of clips."""

from __future__ import annotations

from uuid import uuid4

import pytest

from services.client.payloads import ClipIn, IngestRefused
from services.domain.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from services.domain.workflow import ClipState, Stage
from services.tracker.clips.history import history_verify
from services.tracker.clips.models import Clip
from tests import factories
from tests.service.play import Play

pytestmark = pytest.mark.db


def test_it_registers_clips_once(play: Play) -> None:
    clips = [factories.clip_in("a.mp4"), factories.clip_in("b.mp4")]
    first = play["lea"].clips_register("kitchen", clips)
    again = play["wren"].clips_register("kitchen", [*clips, factories.clip_in("c.mp4")])
    assert [item.created for item in first] == [True, True]
    assert [item.created for item in again] == [False, False, True]
    assert [item.uid for item in again[:2]] == [item.uid for item in first]
    assert play.clip(first[0].uid).due is Stage.INGEST


def test_a_source_named_twice_is_one_clip(play: Play) -> None:
    clip = factories.clip_in()
    first, second = play["wren"].clips_register("kitchen", [clip, clip])
    assert (first.uid, first.created, second.created) == (second.uid, True, False)


def test_a_new_clip_has_every_default_of_its_model(play: Play) -> None:
    play.register()
    clip = Clip.objects.get()
    defaults = {f.name: f.get_default() for f in Clip._meta.concrete_fields if f.has_default()}
    del defaults["uid"]
    assert {name: getattr(clip, name) for name in defaults} == defaults
    assert (clip.version, clip.created_at, clip.due_at) == (1, clip.changed_at, clip.changed_at)


@pytest.mark.parametrize("name", ["it's {a,b}", 'say "x" \\ n', "NULL", "100 %s", "naïve 🎬, é"])
def test_any_name_is_kept_as_it_is_written(play: Play, name: str) -> None:
    (uid,) = play.register(name)
    clip = Clip.objects.get(uid=uid)
    (event,) = clip.events.all()
    assert (clip.name, clip.source_uri) == (name, f"file:///videos/{name}")
    assert event.payload == {"name": clip.name, "source_uri": clip.source_uri}
    assert history_verify(clip_uid=uid, events=[event]) == (clip.state, clip.round, clip.head)


@pytest.mark.parametrize("uri", ["/etc/passwd", "http://example.test/a.mp4", "file://", ""])
def test_a_source_is_a_file_or_an_s3_address(play: Play, uri: str) -> None:
    with pytest.raises(InputError) as caught:
        play["wren"].clips_register("kitchen", [ClipIn(name="a", source_uri=uri)])
    assert caught.value.errors[0]["pointer"] == "/clips/0/source_uri"


@pytest.mark.parametrize("name", ["ana", "sam", "cleo"])
def test_only_staff_register(play: Play, name: str) -> None:
    with pytest.raises(NotAllowedError):
        play[name].clips_register("kitchen", [factories.clip_in()])


def test_an_outsider_finds_no_project_and_no_clip(play: Play) -> None:
    (uid,) = play.register()
    with pytest.raises(NotFoundError):
        play["kim"].clips_register("kitchen", [factories.clip_in()])
    with pytest.raises(NotFoundError):
        list(play["kim"].clips("kitchen"))
    with pytest.raises(NotFoundError):
        play["kim"].clip(uid)
    with pytest.raises(NotFoundError):
        list(play["kim"].clip_events(uid))
    with pytest.raises(NotFoundError):
        play["kim"].clip_retry(uid)


def test_it_lists_by_state_name_and_hold(play: Play) -> None:
    play.register("a.mp4", "b.mp4")
    refused = IngestRefused(code="truncated", detail="The file ends in mid-frame.")
    play.report(play.claim(Stage.INGEST, limit=1)[0], refused)
    lea = play["lea"]
    assert [clip.name for clip in lea.clips("kitchen", state=ClipState.QUARANTINED)] == ["a.mp4"]
    assert [clip.name for clip in lea.clips("kitchen", due=Stage.INGEST)] == ["b.mp4"]
    assert [clip.name for clip in lea.clips("kitchen", name="b.mp4")] == ["b.mp4"]
    assert list(lea.clips("kitchen", held=True)) == []
    assert lea.project_status("kitchen").states == {"quarantined": 1, "registered": 1}


def test_a_long_list_comes_in_pages(play: Play) -> None:
    play.register(*(f"{n}.mp4" for n in range(450)))
    names = [clip.name for clip in play["lea"].clips("kitchen")]
    assert names == [f"{n}.mp4" for n in range(450)]


def test_a_quarantined_clip_can_be_retried_once(play: Play) -> None:
    (uid,) = play.register()
    play.report(play.claim_one(Stage.INGEST), IngestRefused(code="bad", detail="It is bad."))
    assert play.clip(uid).reason == {"code": "bad", "detail": "It is bad."}
    clip = play["lea"].clip_retry(uid)
    assert (clip.state, clip.due, clip.reason) == (ClipState.REGISTERED, Stage.INGEST, None)
    with pytest.raises(ConflictError) as caught:
        play["lea"].clip_retry(uid)
    assert caught.value.code == "nothing_to_retry"
    with pytest.raises(NotAllowedError):
        play["wren"].clip_retry(uid)


def test_an_unknown_clip_is_not_found(play: Play) -> None:
    with pytest.raises(NotFoundError):
        play["lea"].clip(uuid4())


def test_replaying_the_events_rebuilds_the_state(play: Play) -> None:
    play.accepted()
    play.in_arbitration()
    play.register()
    for clip in Clip.objects.all():
        state, round_, head = history_verify(clip_uid=clip.uid, events=clip.events.order_by("seq"))
        assert (state, round_, head) == (clip.state, clip.round, clip.head)


def test_a_changed_link_breaks_the_chain(play: Play) -> None:
    uid = play.prelabelled()
    clip = Clip.objects.get(uid=uid)
    events = list(clip.events.order_by("seq"))
    events[1].payload = {"sha256": "another"}
    with pytest.raises(ConflictError):
        history_verify(clip_uid=uid, events=events)
    with pytest.raises(ConflictError):
        history_verify(clip_uid=uid, events=events[:1] + events[2:])
