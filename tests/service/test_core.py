"""Errors, paging, health and the settings."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import structlog

from services.domain.errors import InputError
from services.tracker.config.env import TrackerEnv, read_env
from services.tracker.config.logs import configure_logs
from services.tracker.people import selectors
from tests import factories
from tests.service.play import Play

pytestmark = pytest.mark.db


def test_an_unknown_address_is_a_problem(play: Play) -> None:
    answer = play.http("lea").get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code", "errors"}


def test_a_fault_of_ours_tells_nothing_of_our_insides(
    play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**kwargs: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(selectors, "slugs_shared", broken)
    answer = play.http("lea").get("/api/v1/me", headers={"X-Request-ID": "abcdefgh"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text
    assert answer.headers["x-request-id"] == "abcdefgh"
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.msg["request_id"] == "abcdefgh"
    caplog.clear()


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"\xff", "application/json", 422),
        (b'{"username": "a\\u0000", "password": "b"}', "application/json", 422),
        (b'{"username": "\\ud800", "password": "b"}', "application/json", 422),
        (b"[]", "application/json", 422),
        (b"a=b", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_mangled_body_is_the_callers_fault(
    play: Play, content: bytes, kind: str, status: int
) -> None:
    answer = play.http(None).post("/api/v1/tokens", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_beyond_all_measure_is_refused_unread(play: Play) -> None:
    answer = play.app_get("/api/v1/me", CONTENT_LENGTH=str(2**40))
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/api/v1/users/a%00b", "/api/v1/clips/not-a-uuid", "/%0a"])
def test_an_odd_path_is_not_found(play: Play, path: str) -> None:
    assert play.http("lea").get(path).status_code == 404


def test_a_wrong_method_is_refused(play: Play) -> None:
    assert play.http("lea").put("/api/v1/me").status_code == 405
    assert play.http("lea").options("/api/v1/me").status_code == 405


@pytest.mark.parametrize(
    "cursor", ["x", "cD1hYmM=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "bz0tMQ=="]
)
def test_a_mangled_cursor_is_the_callers_fault(play: Play, cursor: str) -> None:
    for path in ("projects/kitchen/clips", "assignments"):
        answer = play.http("lea").get(f"/api/v1/{path}", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_pages_link_to_each_other(play: Play) -> None:
    play.register(*(f"{n}.mp4" for n in range(5)))
    http = play.http("lea")
    first = http.get("/api/v1/projects/kitchen/clips", params={"limit": 2}).json()
    second = http.get(first["next"]).json()
    names = [clip["name"] for page in (first, second) for clip in page["results"]]
    assert names == ["0.mp4", "1.mp4", "2.mp4", "3.mp4"]
    assert first["previous"] is None
    assert http.get(second["previous"]).json()["results"] == first["results"]


def test_health_and_readiness(play: Play) -> None:
    assert play.http(None).get("/healthz").json() == {"status": "alive"}
    assert play.http(None).get("/readyz").json() == {"status": "ready"}
    assert play.client(None).is_ready()


def test_the_documentation_works_without_the_internet(play: Play) -> None:
    page = play.http(None).get("/api/v1/docs/")
    assert page.status_code == 200
    assert "https://" not in page.text.replace("https://github.com", "")
    script = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
    assert script in page.text
    assert play.http(None).get(script).status_code == 200
    assert (
        play.http(None).get("/static/drf_spectacular_sidecar/../../settings.py").status_code == 404
    )


# --- settings ----------------------------------------------------------------------------------

COMPLETE = {
    "SEGUE_DATABASE_URL": "postgresql://u:p%40ss@db.test:5433/segue?sslmode=require",
    "SEGUE_SECRET_KEY": "s" * 40,
    "SEGUE_LINKS_KEY": "l" * 40,
    "SEGUE_WEBHOOK_SECRET": "w" * 40,
    "SEGUE_STORAGE_ROOT": "/srv/storage",
    "SEGUE_LABEL_STUDIO_URL": "http://ls.test:8080/some/path",
    "SEGUE_ALLOWED_HOSTS": "a.test, b.test",
}


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_are_read(env: pytest.MonkeyPatch) -> None:
    read = read_env(TrackerEnv)
    assert read.allowed_hosts == ("a.test", "b.test")
    assert read.label_studio_origin == "http://ls.test:8080"
    database = read.database()
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.test", "5433", "segue")
    assert (database["PASSWORD"], database["OPTIONS"]) == ("p@ss", {"sslmode": "require"})


@pytest.mark.parametrize("name", sorted(set(COMPLETE) - {"SEGUE_ALLOWED_HOSTS"}))
def test_a_missing_setting_ends_the_start_with_a_sentence(
    env: pytest.MonkeyPatch, name: str
) -> None:
    env.delenv(name)
    with pytest.raises(SystemExit, match=name):
        read_env(TrackerEnv)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEGUE_SECRET_KEY", "short"),
        ("SEGUE_LABEL_STUDIO_URL", "ls"),
        ("SEGUE_STORAGE_URL", "s3://bucket"),
        ("SEGUE_LINKS_KEY_FILE", "/nowhere/at/all"),
    ],
)
def test_an_unusable_setting_ends_the_start_and_is_not_repeated(
    env: pytest.MonkeyPatch, name: str, value: str
) -> None:
    if name.endswith("_FILE"):
        env.delenv(name.removesuffix("_FILE"))
    env.setenv(name, value)
    with pytest.raises(SystemExit) as caught:
        read_env(TrackerEnv)
    assert "The tracker cannot start" in str(caught.value)
    assert "l" * 40 not in str(caught.value)


def test_a_database_of_another_kind_ends_the_start(env: pytest.MonkeyPatch) -> None:
    env.setenv("SEGUE_DATABASE_URL", "sqlite:///x.db")
    with pytest.raises(SystemExit, match="postgresql://"):
        read_env(TrackerEnv).database()


def test_secrets_may_lie_in_a_folder(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env.delenv("SEGUE_SECRET_KEY")
    (tmp_path / "segue_secret_key").write_text("f" * 40)
    env.setenv("SEGUE_SECRETS_DIR", str(tmp_path))
    assert read_env(TrackerEnv).secret_key.get_secret_value() == "f" * 40


def test_logs_are_json(capsys: pytest.CaptureFixture) -> None:
    try:
        configure_logs(as_json=True)
        logging.getLogger("services.tracker.check").warning("plain_words")
        line = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert (line["event"], line["level"]) == ("plain_words", "warning")
    finally:
        configure_logs(as_json=False)
        structlog.contextvars.clear_contextvars()


def test_every_fault_is_named(play: Play) -> None:
    with pytest.raises(InputError) as caught:
        play["wren"].lane_put(factories.lane_in("", project=""))
    assert [fault["pointer"] for fault in caught.value.errors] == ["/project", "/username"]
    assert "(and 1 more)" in caught.value.detail
