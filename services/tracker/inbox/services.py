"""Webhooks are put away as they came, and taken out again as hints."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from services.domain.canonical import canonical_json
from services.tracker.inbox.models import InboxMessage

LARGEST_ID = 2**63 - 1


def message_put(*, raw: bytes) -> None:
    """Keep a webhook's body, whatever it is; only sound JSON is offered as the hint."""
    body = _object(raw)
    InboxMessage.objects.create(raw=raw, body=body, label_studio_project=_project(body))


def messages_waiting(*, after: int | None) -> QuerySet[InboxMessage]:
    """Return the hints that nobody has followed yet."""
    waiting = InboxMessage.objects.filter(done_at=None).defer("raw")
    return waiting if after is None else waiting.filter(pk__gt=after)


def messages_done(*, ids: list[int]) -> None:
    """Put hints away; those that are away already stay there."""
    InboxMessage.objects.filter(pk__in=ids, done_at=None).update(done_at=timezone.now())


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
        sound = isinstance(body, dict) and b"\\u0000" not in canonical_json(body)
    except (ValueError, RecursionError):
        return {}
    return body if sound else {}


def _project(body: dict[str, Any]) -> int | None:
    project = body.get("project")
    found = project.get("id") if isinstance(project, dict) else project
    is_id = isinstance(found, int) and not isinstance(found, bool) and 0 < found <= LARGEST_ID
    return found if is_id else None
