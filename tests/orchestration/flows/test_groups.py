"""A group of views through the flows: one clip, one proxy, one task a person."""

from __future__ import annotations

from fractions import Fraction

import pytest

from orchestration.cli.status import view_lines
from orchestration.flows.dispatch import dispatch
from orchestration.flows.ingest import ingest
from orchestration.flows.prelabel import prelabel
from orchestration.sources import list_sources
from services.client.payloads import ClipIn
from services.domain.multiview.layout import lay_out
from services.domain.workflow import ClipState
from tests.models.multiview.views import numbers_of, view
from tests.orchestration.flows.house import House
from tests.sounds import pair

pytestmark = [pytest.mark.db, pytest.mark.harness]

MANIFEST = """
views:
  - file: front.mp4
  - file: side.mp4
  - file: top.mp4
    offset_s: 0.4
"""


@pytest.fixture
def take(house: House) -> ClipIn:
    folder = house.videos / "take"
    folder.mkdir()
    ours, theirs = pair(16, 1.2, seed=3)
    view(folder / "front.mp4", n_frames=250, sound=ours)
    view(folder / "side.mp4", n_frames=300, sound=theirs, rate=Fraction(30))
    view(folder / "top.mp4", n_frames=40)
    (folder / "group.yaml").write_text(MANIFEST)
    (clip,) = list_sources(str(folder))
    return clip


def register(house: House, clip: ClipIn):
    (done,) = house.play["lea"].clips_register("kitchen", [clip])
    return done.uid


def test_a_group_goes_the_way_of_any_clip(house: House, take: ClipIn):
    uid = register(house, take)
    assert ingest() == "ingest: 1 ingested"
    clip = house.clip(uid)
    front, side, top = clip.views
    assert (clip.n_frames, clip.rate, clip.sha256) == (250, "25", front.sha256)
    assert side.alignment["method"] == "audio"
    assert abs(Fraction(side.alignment["offset_s"]) - Fraction(6, 5)) < Fraction(1, 1000)
    assert side.frame_map["n_missing"] == 30
    assert top.alignment == {
        "offset_s": "2/5",
        "drift_ppm": "0",
        "method": "given",
        "confidence": None,
        "error_ms": None,
    }
    told = view_lines([clip])
    assert [line.split(": ")[:2] for line in told] == [["take", "side"], ["take", "top"]]
    assert "begins 1.200 s later" in told[0]
    assert "dark for 30 frames" in told[0]

    prelabel()
    dispatch()
    tasks = list(house.studio.tasks.values())
    assert len(tasks) == 2
    assert {task["data"]["n_frames"] for task in tasks} == {250}


def test_the_stored_proxy_shows_all_views(house: House, take: ClipIn):
    register(house, take)
    ingest()
    (stored,) = house.parts.store.root.rglob("*-360p.mp4")
    layout = lay_out([(320, 180)] * 3, lines=360)
    assert numbers_of(stored, layout)[40] == [40, 12, 30]


def test_a_group_whose_view_is_gone_or_unplaced_is_set_aside_by_name(house: House, take: ClipIn):
    (house.videos / "take" / "top.mp4").unlink()
    uid = register(house, take)
    ingest()
    told = house.clip(uid).reason
    assert told["code"] == "source_missing"
    assert told["detail"].startswith("View 'top': ")


def test_a_view_that_cannot_be_placed_waits_for_a_word(house: House, take: ClipIn):
    silent = view(house.videos / "take" / "side.mp4", n_frames=90)
    uid = register(house, take)
    ingest()
    told = house.clip(uid).reason
    assert (told["code"], told["detail"][:13]) == ("views_not_aligned", "View 'side': ")

    text = MANIFEST.replace("side.mp4", "side.mp4\n    offset_s: -0.2")
    silent.with_name("group.yaml").write_text(text)
    (said_anew,) = list_sources(str(silent.parent))
    assert register(house, said_anew) == uid
    ingest()
    assert house.clip(uid).state is ClipState.INGESTED
    assert house.steps(uid) == ["registered", "refused", "requeued", "ingested"]
