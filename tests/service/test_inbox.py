"""The inbox of Label Studio's webhooks."""

from __future__ import annotations

import pytest
from django.conf import settings

from services.domain.errors import NotAllowedError
from services.tracker.inbox.models import InboxMessage
from tests.service.play import Play

pytestmark = pytest.mark.db

PATH = "/api/v1/inbox/label-studio"


def call(play: Play, content: bytes, *, secret: str | None = None) -> int:
    secret = settings.SEGUE.webhook_secret.get_secret_value() if secret is None else secret
    headers = {"X-Segue-Webhook-Secret": secret, "Content-Type": "application/json"}
    return play.http(None).post(PATH, content=content, headers=headers).status_code


def test_a_webhook_becomes_a_hint(play: Play) -> None:
    assert call(play, b'{"action": "ANNOTATION_CREATED", "project": {"id": 7}}') == 204
    (hint,) = play["wren"].inbox()
    assert (hint.label_studio_project, hint.body["action"]) == (7, "ANNOTATION_CREATED")
    play["wren"].inbox_done([hint.id])
    play["wren"].inbox_done([hint.id, 10**12])
    assert list(play["wren"].inbox()) == []


def test_a_doubled_webhook_is_two_hints(play: Play) -> None:
    for _ in range(2):
        call(play, b'{"project": 7}')
    first, second = play["wren"].inbox()
    assert [hint.id for hint in play["wren"].inbox(after=first.id)] == [second.id]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00", b"[1, 2]", b'{"a": NaN}', b'{"a": "\\u0000"}', b"[" * 5000]
)
def test_whatever_comes_is_kept(play: Play, content: bytes) -> None:
    assert call(play, content) == 204
    assert bytes(InboxMessage.objects.get().raw) == content
    (hint,) = play["wren"].inbox()
    assert (hint.body, hint.label_studio_project) == ({}, None)


@pytest.mark.parametrize("project", [b'"seven"', b"true", b"-1", b"1e9", b'{"id": []}', b"9" * 30])
def test_an_odd_project_is_none(play: Play, project: bytes) -> None:
    assert call(play, b'{"project": ' + project + b"}") == 204
    (hint,) = play["wren"].inbox()
    assert hint.label_studio_project is None


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_a_wrong_secret_is_refused(play: Play, secret: str) -> None:
    headers = {"X-Segue-Webhook-Secret": secret}
    answer = play.http(None).post(PATH, content=b"{}", headers=headers)
    assert answer.status_code == 401
    assert not InboxMessage.objects.exists()


@pytest.mark.parametrize("name", ["ana", "sam", "lea", "cleo", "kim"])
def test_only_the_worker_reads_hints(play: Play, name: str) -> None:
    with pytest.raises(NotAllowedError):
        list(play[name].inbox())
    with pytest.raises(NotAllowedError):
        play[name].inbox_done([1])
