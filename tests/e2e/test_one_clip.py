"""The whole path on real parts, as its users walk it, with parts killed on the way."""

import json
from fractions import Fraction
from pathlib import Path

import httpx
import pytest

from models.synthetic import make_clip
from orchestration.demo.clips import DAMAGED, RECIPES
from orchestration.fetch import fetch_release
from services.client.api import TrackerClient
from services.domain.errors import NotFoundError
from services.domain.workflow import ClipState
from tests.e2e.house import House, running_house, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1500)]
SLUG = "workbench"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    # A short path: some parts put sockets below it.
    with running_house(tmp_path_factory.mktemp("e2e") / "home") as house:
        yield house


def histories(house: House) -> dict[str, list[str]]:
    with house.client() as client:
        return {
            clip.name: [event.step for event in client.clip_events(clip.uid)]
            for clip in client.clips(SLUG)
        }


def hidden_timeline(name: str) -> list[tuple[str, int, int]]:
    spans, onset = [], 0
    for label, n_frames in RECIPES[name][1]:
        spans.append((label, onset, onset + n_frames))
        onset += n_frames
    return spans


def test_the_demo_takes_videos_to_a_release(house, tmp_path):
    played = house.run("demo", "--once")
    assert played.returncode == 0, played.stdout + played.stderr + house.log.read_text()

    steps = histories(house)
    assert set(steps) == {*RECIPES, DAMAGED}
    agreed_at_once = [n for n, s in steps.items() if "agreed" in s and "returned" not in s]
    assert agreed_at_once
    (disputed,) = [name for name, s in steps.items() if "disputed" in s]
    assert steps[disputed][-1] == "arbitrated"
    (careless,) = [name for name, s in steps.items() if "returned" in s]
    assert steps[careless][-1] == "agreed"
    assert steps[DAMAGED] == ["registered", "refused"]

    release = fetched_as_client(house, tmp_path)
    clips = {
        clip["name"]: clip
        for clip in map(json.loads, (release / "clips.jsonl").read_text().splitlines())
    }
    assert set(clips) == set(RECIPES)
    # The arbiter marks what is there: it must arrive to the frame.
    released = [(s["label"], s["onset"], s["offset"]) for s in clips[disputed]["segments"]]
    assert released == hidden_timeline(disputed)
    for name, clip in clips.items():
        for segment, (label, onset, offset) in zip(
            clip["segments"], hidden_timeline(name), strict=True
        ):
            assert segment["label"] == label
            assert abs(segment["onset"] - onset) <= 1
            assert abs(segment["offset"] - offset) <= 1


def fetched_as_client(house: House, out: Path) -> Path:
    people = json.loads((house.home / "secrets" / "demo_people.json").read_text())
    with house.client("cleo", people["cleo"]) as cleo:
        (release,) = cleo.releases(SLUG)
        folder = fetch_release(cleo, release.uid, out)
        with pytest.raises(NotFoundError):
            next(iter(cleo.clips(SLUG)))
    return folder


def test_a_release_is_downloaded_in_parts_with_a_client_token(house):
    with house.client() as client:
        release = next(iter(client.releases(SLUG)))
        token = client.user_token("cleo", ttl_h=1).token
    file = next(file for file in release.files if file.path == "clips.jsonl")
    url = f"http://127.0.0.1:{house.environment['SEGUE_TRACKER_PORT']}/api/v1/releases"
    headers = {"Authorization": f"Bearer {token}", "Range": "bytes=10-19"}
    part = httpx.get(f"{url}/{release.uid}/files/{file.path}", headers=headers)
    assert part.status_code == httpx.codes.PARTIAL_CONTENT
    assert part.headers["Content-Range"] == f"bytes 10-19/{file.n_bytes}"
    assert file.sha256 in part.headers["ETag"]
    nobody = httpx.get(f"{url}/{release.uid}/files/{file.path}")
    assert nobody.status_code == httpx.codes.UNAUTHORIZED


def test_a_second_up_says_that_one_is_running(house):
    second = house.run("up", timeout_s=60)
    assert second.returncode == 1
    assert "already running" in second.stdout


def test_the_manager_sees_why_a_clip_is_refused(house):
    shown = house.run("status", SLUG, timeout_s=60)
    assert shown.returncode == 0
    assert "quarantined" in shown.stdout
    assert "unreadable" in " ".join(shown.stdout.split())


def test_applying_the_project_again_changes_nothing(house):
    again = house.run("apply", "orchestration/demo/project", timeout_s=60)
    assert again.returncode == 0
    assert "already as" in again.stdout


def test_killed_processes_come_back_and_the_work_goes_on(house, tmp_path):
    folder = tmp_path / "more"
    folder.mkdir()
    for number in (1, 2):
        timeline = [("rest", 300), ("reach", 200 + number), ("grasp", 200), ("move", 300)]
        make_clip(folder / f"long-{number}.mp4", rate=Fraction(30), timeline=timeline)
    output = tmp_path / "demo.log"
    demo = house.begin("demo", "--once", "--clips", str(folder), output=output)
    try:
        # The decoder's own process says that a flow run is in the middle of a clip.
        wait_until(lambda: house.find("models.ingest_job"), timeout_s=240, what="an ingest")
        for flow_run in house.find("prefect.engine"):
            flow_run.kill()
        for part in (["granian"], ["postgres", "-D"]):
            oldest = house.find(*part)[0]
            oldest.kill()
        wait_until(lambda: demo.poll() is not None, timeout_s=1200, what="the demo's end")
    finally:
        demo.kill()
        demo.wait()
    assert demo.returncode == 0, output.read_text() + house.log.read_text()
    steps = histories(house)
    for number in (1, 2):
        history = steps[f"long-{number}.mp4"]
        assert history[-1] in {"agreed", "arbitrated"}
        assert history.count("ingested") == 1
        assert history.count("prelabelled") == 1
    with house.client() as client:
        assert all(clip.state in ENDED for clip in client.clips(SLUG))
        for release in client.releases(SLUG):
            assert_no_double_answers(client, release.uid)


ENDED = {ClipState.ACCEPTED, ClipState.QUARANTINED}


def assert_no_double_answers(client: TrackerClient, release_uid) -> None:
    clips = list(client.release_clips(release_uid))
    assert len({clip.clip_uid for clip in clips}) == len(clips)
    assert all(len(clip.opinions) == 2 for clip in clips)


def test_no_secret_is_in_a_log_or_a_process_list(house):
    secrets = {
        line
        for path in (house.home / "secrets").iterdir()
        for line in path.read_text().split('"')
        if len(line.strip()) > 11
    }
    lines = [" ".join(process.cmdline()) for process in house.processes()]
    texts = [path.read_text(errors="replace") for path in (house.home / "logs").iterdir()]
    for secret in secrets:
        assert not any(secret.strip() in text for text in lines + texts)
    assert {oct(path.stat().st_mode & 0o777) for path in (house.home / "secrets").iterdir()} == {
        "0o600"
    }


def test_ctrl_c_leaves_nothing_running(house):
    assert house.processes()
    assert house.stop() == 0
    assert house.processes() == []
