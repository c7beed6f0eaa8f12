"""Tier 3 on real parts: known answers, somebody who is always late, what follows, and back."""

import json

import pytest

from tests.e2e.house import running_house, wait_until
from tests.e2e.office import make_videos, open_office, seen_late

pytestmark = [pytest.mark.marathon, pytest.mark.timeout(900)]

SLUG = "bench-quality"
KNOWN = [f"clip-{number:02}.mp4" for number in range(1, 11)]
WORK = [f"clip-{number:02}.mp4" for number in range(11, 23)]
FIRST, NEW, LATE = ("ana", "ben"), ("carl", "dora", "eve"), "eve"
LATE_BY = 4
N_TRIED_ON = 2
PATIENCE_S = 400
# Late as she is, all that she does passes tiers 1 and 2: people differ by 4 and 1 and 1 frames.
POLICY = {
    "tolerance_frames": 6,
    "gold_share": 1.0,
    "calibration_clips": N_TRIED_ON,
    "lease_s": 30,
    "monitoring": {
        "min_clips": 7,
        "false_discovery_rate": 0.15,
        "looks": 1,
        "consequences": ["notify", "pause", "reopen"],
    },
}
TELLING = ("gold", "honeypot", "calibrat", "shadow", "known", "monitor", "alarm", "planted")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running_house(tmp_path_factory.mktemp("e2e") / "home") as house:
        yield house


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    seen = make_videos({folder / "known": KNOWN, folder / "work": WORK})
    return folder, seen


@pytest.fixture(scope="module")
def office(house, videos, tmp_path_factory):
    _, seen = videos
    sees = dict.fromkeys((*FIRST, *NEW), seen) | {LATE: seen_late(seen, LATE_BY)}
    folder = tmp_path_factory.mktemp("project")
    with open_office(house, folder, slug=SLUG, policy=POLICY, sees=sees) as office:
        yield office


def accepted(office, names):
    return lambda: office.states(names) == {"accepted"}


def uids(office, names):
    return [str(clip.uid) for clip in office.manager.clips(SLUG) if clip.name in names]


def ended(office, names):
    """How each clip stands decided: what an alarm that is taken back must leave alone."""
    return {
        clip.name: (str(clip.state), list(office.manager.decisions(clip.uid))[-1].segments)
        for clip in office.manager.clips(SLUG)
        if clip.name in names
    }


def test_the_first_people_are_let_in_by_hand_and_make_what_becomes_gold(office, videos):
    assert set(office.standings().values()) == {"calibrating"}
    for name in FIRST:
        said = office.command("standing", "activate", SLUG, name, "--note", "first of all")
        assert said == f"{name} is active in {SLUG}."
    office.command("ingest", str(videos[0] / "known"), "-p", SLUG, "--no-wait")
    office.work_until(accepted(office, KNOWN), who=FIRST, timeout_s=PATIENCE_S, what="agreement")

    said = office.command("gold", "promote", SLUG, *uids(office, KNOWN))
    assert said.count(" is gold: ") == len(KNOWN)


def test_new_people_are_tried_on_known_clips_before_any_work(office, videos):
    # Who made the gold knows it; the work to come goes to the others.
    for name in FIRST:
        office.command("standing", "pause", SLUG, name)
    office.command("ingest", str(videos[0] / "work"), "-p", SLUG, "--no-wait")
    office.house.run_flow("dispatch")  # or housekeeping does, within a minute
    office.work_until(
        lambda: all(office.standings()[name] == "active" for name in NEW),
        who=NEW,
        timeout_s=PATIENCE_S,
        what="the trials' end",
    )
    said = office.command("standing", "list", SLUG)
    assert said.count("calibration_passed: Passed: ") == len(NEW)
    assert f"segments of {N_TRIED_ON} calibration clips agree with gold" in said
    shown = list(office.manager.showings(SLUG))
    assert len(shown) == N_TRIED_ON * len(NEW)
    assert {showing.purpose for showing in shown} == {"calibration"}


def test_honeypots_come_after_work_and_nothing_tells_them_from_it(office):
    office.work_until(accepted(office, WORK), who=NEW, timeout_s=PATIENCE_S, what="the work's end")
    honeypots = [s for s in office.manager.showings(SLUG) if s.purpose == "honeypot"]
    assert len(honeypots) == 2 * len(WORK)  # every seat was followed
    office.house.half_an_hour_passes()
    office.house.run_flow("dispatch")
    office.work_until(
        lambda: all(s.scored_at for s in office.manager.showings(SLUG)),
        who=NEW,
        timeout_s=PATIENCE_S,
        what="the scores",
    )
    met = {(s.username, s.clip_name) for s in office.manager.showings(SLUG)}
    assert len(met) == len(honeypots) + N_TRIED_ON * len(NEW)  # nobody met one twice

    for name in NEW:
        person = office.people[name]
        told = person.all_that_is_told().lower()
        assert not [word for word in TELLING if word in told]
        tasks = person.tasks()
        known = [task for task in tasks if task["data"]["title"] in KNOWN]
        work = [task for task in tasks if task["data"]["title"] in WORK]
        assert known
        assert work
        assert {form(task) for task in known} == {form(task) for task in work}


def form(task):
    """What a task is like but for what it is of: whatever differs here would tell."""
    data = {**task["data"], "title": "", "n_frames": 0, "video": "", "assignment": ""}
    for told in ("brief", "opening"):
        data[told] = data[told].replace(task["data"]["title"], "")
    data["brief"], data["opening"] = (words(data[told]) for told in ("brief", "opening"))
    return json.dumps([sorted(task), data], sort_keys=True)


def words(text):
    return "".join(sign for sign in text if not sign.isdigit())


@pytest.fixture(scope="module")
def before(office):
    """What the clips are decided to be, and who stands where, before anybody is accused."""
    for name in FIRST:
        office.command("standing", "activate", SLUG, name)
    return ended(office, KNOWN + WORK), office.standings()


def test_who_is_always_late_is_paused_and_her_clips_go_to_others(office, before):
    hers = seats(office, LATE, WORK)
    office.house.run_flow("monitor")
    told = office.command("quality", SLUG)
    assert told.count("alarm ") == 1
    assert f"over {LATE}," in told
    assert f"notify, pause, reopen ({len(hers)} clips in doubt)" in told
    assert "Onsets of any label are late: +" in told
    assert office.standings() == before[1] | {LATE: "paused"}
    assert "monitor: " in office.command("standing", "history", SLUG, LATE)

    again = {clip.name for clip in office.manager.clips(SLUG) if clip.state == "in_annotation"}
    assert again == hers
    assert f"in_annotation {len(hers)} " in office.command("status", SLUG)
    others = [name for name in office.people if name != LATE]
    wait_until(
        lambda: sum(len(asked_again(office, name)) for name in others) == 2 * len(hers),
        timeout_s=PATIENCE_S,
        what="the second round's tasks",
    )
    for name in others:
        assert not asked_again(office, name) & seats(office, name, WORK)
    assert not asked_again(office, LATE)
    assert not [word for word in TELLING if word in office.people[LATE].all_that_is_told().lower()]


def seats(office, name, among):
    """The clips of a person's first-round seats."""
    titles = {t["data"]["title"] for t in office.people[name].tasks() if t["data"]["round"] == 1}
    return titles & set(among)


def asked_again(office, name):
    """The clips whose second round waits in a person's lane."""
    return {t["data"]["title"] for t in office.people[name].tasks() if t["data"]["round"] == 2}


def test_the_manager_takes_it_back_and_all_is_as_it_was(office, before):
    (alarm,) = office.manager.alarms(SLUG)
    said = office.command("quality", SLUG, "--take-back", str(alarm.uid), "--note", "her monitor")
    assert said == f"The alarm over {LATE} is taken back."
    assert (ended(office, KNOWN + WORK), office.standings()) == before
    assert "taken back by manager" in office.command("quality", SLUG)
    # The same answers accuse nobody again, and what is on its way finds the clips closed.
    office.house.run_flow("monitor")
    office.house.run_flow("dispatch")
    assert len(list(office.manager.alarms(SLUG))) == 1
    assert (ended(office, KNOWN + WORK), office.standings()) == before


def test_a_release_knows_of_no_trial(office, tmp_path):
    said = office.command("release", "build", SLUG, "1.0.0")
    assert f"{SLUG} 1.0.0: {len(KNOWN + WORK)} clips" in said
    (release,) = office.manager.releases(SLUG)
    office.command("release", "fetch", str(release.uid), "--out", str(tmp_path))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    texts = [path.read_text() for path in files]
    shadows = {str(showing.clip_uid) for showing in office.manager.showings(SLUG)}
    assert not [uid for uid in shadows for text in texts if uid in text]
    # The manifest states the policy, and so that people are tried; no clip says by what.
    (lines,) = tmp_path.rglob("clips.jsonl")
    assert not [word for word in TELLING if word in lines.read_text().lower()]
    clips = [json.loads(line) for line in lines.read_text().splitlines()]
    assert sorted(clip["name"] for clip in clips) == KNOWN + WORK
