"""Accounts, tokens and roles."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.management import CommandError, call_command
from django.utils import timezone

from services.client.payloads import UserIn
from services.domain.errors import (
    ConflictError,
    DuplicateError,
    InputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    TransientError,
)
from services.domain.workflow import Stage
from services.tracker.core.roles import Role
from services.tracker.people.models import Token, User
from tests import factories
from tests.service.play import Play

pytestmark = pytest.mark.db

PASSWORD = "long-enough-to-be-one"


def test_it_makes_an_account_that_can_log_in(play: Play) -> None:
    made = play["lea"].user_add(
        UserIn(username="dot", role="annotator", password=PASSWORD, projects=["kitchen"])
    )
    assert (made.username, made.role, made.projects) == ("dot", "annotator", ["kitchen"])
    token = play.client(None).token_create("dot", PASSWORD)
    with play.client(token.token) as dot:
        assert dot.me().uid == made.uid
        dot.token_revoke()
        with pytest.raises(NotAuthenticatedError):
            dot.me()


@pytest.mark.parametrize(("name", "password"), [("dot", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_login_says_nothing_about_why(play: Play, name: str, password: str) -> None:
    play["lea"].user_add(UserIn(username="dot", role="annotator", password=PASSWORD))
    with pytest.raises(NotAuthenticatedError) as caught:
        play.client(None).token_create(name, password)
    assert caught.value.detail == "The username or the password is wrong."


def test_guessing_passwords_is_slow(play: Play) -> None:
    with play.client(None) as anybody:
        for _ in range(30):
            with pytest.raises(NotAuthenticatedError):
                anybody.token_create("guessed-at", PASSWORD)
        with pytest.raises(TransientError):
            anybody.token_create("guessed-at", PASSWORD)
        with pytest.raises(NotAuthenticatedError):
            anybody.token_create("somebody-else", PASSWORD)


def test_an_address_that_a_caller_makes_up_does_not_speed_up_guessing(play: Play) -> None:
    http, guess = play.http(None), {"username": "guessed-from-afar", "password": PASSWORD}
    statuses = [
        http.post("/api/v1/tokens", json=guess, headers={"X-Forwarded-For": f"10.0.0.{n}"})
        for n in range(31)
    ]
    assert [answer.status_code for answer in statuses] == [401] * 30 + [429]


@pytest.mark.parametrize("name", ["dot", "cleo", "nobody", "gone"])
def test_a_failed_login_costs_one_hash_whoever_it_was_for(
    play: Play, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cleo has no password, dot has another one, gone is switched off, nobody is not there."""
    for member in ("dot", "gone"):
        play["lea"].user_add(UserIn(username=member, role="annotator", password=PASSWORD))
    play["lea"].user_update("gone", is_active=False)
    hashed, encode = [], MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(salt)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    with pytest.raises(NotAuthenticatedError):
        play.client(None).token_create(name, "not the password")
    assert len(hashed) == 1


def test_an_account_without_a_password_cannot_log_in(play: Play) -> None:
    play["lea"].user_add(UserIn(username="dot", role="client"))
    with pytest.raises(NotAuthenticatedError):
        play.client(None).token_create("dot", "!" * 40)


def test_a_token_is_kept_as_a_hash_and_ends(play: Play) -> None:
    token = play["lea"].user_token("cleo", ttl_h=2)
    assert not Token.objects.filter(digest__contains=token.token).exists()
    with play.client(token.token) as cleo:
        assert cleo.me().username == "cleo"
        later = time_machine.travel(timezone.now() + timedelta(hours=3))
        with later, pytest.raises(NotAuthenticatedError):
            cleo.me()


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic abc", "Bearer nonsense", "Bearer \x80", "x" * 5000]
)
def test_a_mangled_token_is_refused(play: Play, header: str) -> None:
    answer = play.app_get("/api/v1/me", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401


def test_a_username_is_taken_once(play: Play) -> None:
    with pytest.raises(DuplicateError):
        play["lea"].user_add(UserIn(username="ana", role="annotator"))


@pytest.mark.parametrize(
    "change", [{"password": "short"}, {"username": "a b"}, {"username": ""}, {"role": "worker"}]
)
def test_unsound_accounts_are_refused(play: Play, change: dict) -> None:
    user = UserIn(**{"username": "dot", "role": "client", **change})
    with pytest.raises((InputError, NotAllowedError)):
        play["lea"].user_add(user)
    assert not User.objects.filter(username="dot").exists()


@pytest.mark.parametrize("name", ["a", "ana-2", "a.b_c-d", "0" * 64])
def test_a_username_is_a_plain_name(play: Play, name: str) -> None:
    assert play["lea"].user_add(UserIn(username=name, role="client")).username == name


@pytest.mark.parametrize(
    "name", ["Ana", "ANA", "ana@x", "a+b", "a..b", "-a", "a-", "a" * 65, "ä", "ana\n!"]
)
def test_names_that_would_share_a_label_studio_account_are_refused(play: Play, name: str) -> None:
    with pytest.raises(InputError) as caught:
        play["lea"].user_add(UserIn(username=name, role="annotator"))
    assert caught.value.errors[0]["pointer"] == "/username"
    with pytest.raises(InputError):
        play["lea"].project_apply("kitchen", factories.project_in({name: "annotator"}))


def test_an_account_joins_only_the_managers_own_projects(play: Play) -> None:
    with pytest.raises(NotFoundError):
        play["lea"].user_add(UserIn(username="dot", role="client", projects=["garage"]))
    assert not User.objects.filter(username="dot").exists()


def test_switching_an_account_off_ends_its_tokens(play: Play) -> None:
    assert not play["lea"].user_update("cleo", is_active=False).is_active
    with pytest.raises(NotAuthenticatedError):
        play["cleo"].me()
    with pytest.raises(InputError):
        play["lea"].user_token("cleo", ttl_h=1)
    play["lea"].user_update("cleo", is_active=True)
    with pytest.raises(NotAuthenticatedError):
        play["cleo"].me()


def test_a_new_password_ends_the_tokens(play: Play) -> None:
    play["lea"].user_update("ana", password=PASSWORD)
    with pytest.raises(NotAuthenticatedError):
        play["ana"].me()
    assert play.client(None).token_create("ana", PASSWORD).token


def test_a_manager_never_acts_for_somebody_who_serves_anothers_project(play: Play) -> None:
    liz = play.join("liz", Role.MANAGER)
    liz.project_apply("attic", factories.project_in({"cleo": "client"}))
    assert play["lea"].user("cleo").projects == ["kitchen"]
    before = User.objects.get(username="cleo").password
    for call in (
        lambda: play["lea"].user_token("cleo", ttl_h=1),
        lambda: play["lea"].user_update("cleo", password=PASSWORD),
        lambda: play["lea"].user_update("cleo", is_active=False),
    ):
        with pytest.raises(NotAllowedError) as caught:
            call()
        assert caught.value.code == "shared_account"
        assert "attic" not in caught.value.detail
    assert User.objects.get(username="cleo").password == before
    assert play["cleo"].me().is_active
    assert liz.user_token("cleo", ttl_h=1).token  # both projects are hers


def test_a_person_with_open_seats_is_not_switched_off(play: Play) -> None:
    clip = play.in_annotation()
    with pytest.raises(ConflictError) as caught:
        play["lea"].user_update("ana", is_active=False)
    assert caught.value.code == "member_busy"
    assert play["ana"].me().is_active
    play.answer_all(clip)
    item = play.claim_one(Stage.CHECK)
    play.report(item, factories.agreed(*play.answers(item)))
    assert not play["lea"].user_update("ana", is_active=False).is_active


def test_a_manager_sees_his_own_people_only(play: Play) -> None:
    seen = {user.username for user in play["lea"].users()}
    assert seen == {"ana", "ben", "sam", "cleo", "lea"}
    assert {user.username for user in play["kim"].users()} == {"kim"}
    for call in (
        lambda: play["kim"].user("ana"),
        lambda: play["kim"].user_update("ana", password=PASSWORD),
        lambda: play["kim"].user_token("ana", ttl_h=1),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_nobody_becomes_a_manager_or_worker_by_way_of_another(play: Play) -> None:
    play["lea"].user_add(UserIn(username="liz", role="manager", projects=["kitchen"]))
    with pytest.raises(NotAllowedError):
        play["lea"].user_token("liz", ttl_h=1)
    with pytest.raises(NotAllowedError):
        play["lea"].user_update("liz", password=PASSWORD)
    with pytest.raises(NotFoundError):
        play["lea"].user_token("wren", ttl_h=1)


@pytest.mark.parametrize("name", ["ana", "sam", "cleo", "wren"])
def test_only_managers_manage_people(play: Play, name: str) -> None:
    client = play[name]
    assert client.me().username == name
    for call in (
        lambda: list(client.users()),
        lambda: client.user("ana"),
        lambda: client.user_add(UserIn(username="dot", role="client")),
        lambda: client.user_update("ana", is_active=False),
        lambda: client.user_token("ana", ttl_h=1),
    ):
        with pytest.raises(NotAllowedError):
            call()


def test_shared_projects_are_all_that_is_told_of_somebody(play: Play) -> None:
    play["lea"].user_add(UserIn(username="liz", role="manager"))
    assert play["lea"].user("liz").projects == []
    assert play["lea"].user("ana").projects == ["kitchen"]


# --- bootstrap ---------------------------------------------------------------------------------


@pytest.fixture
def first_run(db: None, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SEGUE_WORKER_TOKEN", "w" * 40)
    monkeypatch.setenv("SEGUE_MANAGER_PASSWORD", PASSWORD)
    monkeypatch.setenv("SEGUE_MANAGER_USERNAME", "lea")
    return monkeypatch


def test_bootstrap_makes_the_worker_and_the_manager_once(
    first_run: pytest.MonkeyPatch, app: object, in_process: None
) -> None:
    for _ in range(2):
        call_command("bootstrap", verbosity=0, stdout=_Silent())
    assert sorted(User.objects.values_list("username", "role")) == [
        ("lea", "manager"),
        ("worker", "worker"),
    ]
    with Play(app=app).client("w" * 40) as worker:
        assert worker.me().role == "worker"
        first_run.setenv("SEGUE_WORKER_TOKEN", "v" * 40)
        call_command("bootstrap", stdout=_Silent())
        with pytest.raises(NotAuthenticatedError):
            worker.me()
    with Play(app=app).client(None) as anybody:
        assert anybody.token_create("lea", PASSWORD).token


def test_bootstrap_reads_secrets_from_files(
    first_run: pytest.MonkeyPatch, tmp_path: object
) -> None:
    from pathlib import Path

    secret = Path(str(tmp_path)) / "token"
    secret.write_text("f" * 40 + "\n")
    first_run.delenv("SEGUE_WORKER_TOKEN")
    first_run.setenv("SEGUE_WORKER_TOKEN_FILE", str(secret))
    call_command("bootstrap", stdout=_Silent())
    assert Token.objects.count() == 1


def test_bootstrap_refuses_an_unsound_name(first_run: pytest.MonkeyPatch) -> None:
    first_run.setenv("SEGUE_MANAGER_USERNAME", "Lea")
    with pytest.raises(SystemExit, match="SEGUE_MANAGER_USERNAME"):
        call_command("bootstrap", stdout=_Silent())
    assert not User.objects.exists()


def test_bootstrap_refuses_a_short_password_and_a_missing_token(
    first_run: pytest.MonkeyPatch,
) -> None:
    first_run.setenv("SEGUE_MANAGER_PASSWORD", "short")
    with pytest.raises(CommandError):
        call_command("bootstrap", stdout=_Silent())
    first_run.delenv("SEGUE_WORKER_TOKEN")
    with pytest.raises(SystemExit, match="SEGUE_WORKER_TOKEN"):
        call_command("bootstrap", stdout=_Silent())


class _Silent:
    def write(self, text: str) -> None:
        """Nobody reads it."""
