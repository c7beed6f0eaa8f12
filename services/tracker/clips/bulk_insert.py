"""Fresh clips and the first link of each one's history, in one statement.

SQL by hand, because clips come by the thousand and differ in five values only: preparing every
column of every row by the ORM took longer than all else that a registration does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.utils import timezone

from services.domain.workflow import ClipState, Facts, due_stage
from services.tracker.clips.history import FIRST, REGISTERED, link_hash
from services.tracker.projects.models import Project

STATE = str(ClipState.REGISTERED)

# A source that somebody else registered meanwhile makes neither a clip nor an event.
INSERT = """
WITH given AS (
    SELECT * FROM unnest(
        %(uids)s::uuid[], %(names)s::text[], %(uris)s::text[], %(heads)s::text[],
        %(payloads)s::text[]
    ) AS given (uid, name, source_uri, head, payload)
), made AS (
    INSERT INTO clips_clip (
        uid, project_id, name, source_uri, state, version, head, round,
        due, due_at, held, attempts, created_at, changed_at
    )
    SELECT uid, %(project)s, name, source_uri, %(state)s, 1, head, 1,
        %(due)s, %(now)s, false, 0, %(now)s, %(now)s
    FROM given
    ON CONFLICT DO NOTHING
    RETURNING id, uid, name, source_uri, head
), chained AS (
    INSERT INTO clips_clipevent (
        clip_id, seq, at, actor, step, before, after, round, payload, previous_hash, hash
    )
    SELECT id, 1, %(now)s, %(actor)s, %(step)s, NULL, %(state)s, 1,
        payload::jsonb, %(previous_hash)s, made.head
    FROM made JOIN given USING (uid)
)
SELECT source_uri, uid, name FROM made
"""


def clips_insert(
    *, project: Project, actor: str, clips: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[UUID, str]]:
    """Insert clips of different sources; return (uid, name) by source of those that are new.

    The caller opens the transaction.
    """
    if not clips:
        return {}
    now = timezone.now()
    uids = [uuid4() for _ in clips]
    payloads = [_payload(clip) for clip in clips]
    values: dict[str, Any] = {
        "uids": uids,
        "names": [clip["name"] for clip in clips],
        "uris": [clip["source_uri"] for clip in clips],
        "payloads": [json.dumps(payload) for payload in payloads],
        "heads": [
            _head(uid, payload=payload, at=now, actor=actor)
            for uid, payload in zip(uids, payloads, strict=True)
        ],
        "project": project.pk,
        "state": STATE,
        "due": str(due_stage(ClipState.REGISTERED, step=None, facts=Facts())),
        "now": now,
        "actor": actor,
        "step": REGISTERED,
        "previous_hash": FIRST,
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        return {uri: (uid, name) for uri, uid, name in cursor.fetchall()}


def _payload(clip: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the history says of a registration."""
    payload = {"name": clip["name"], "source_uri": clip["source_uri"]}
    return payload | {"views": clip["views"]} if clip["views"] else payload


def _head(uid: UUID, *, payload: dict[str, Any], at: datetime, actor: str) -> str:
    """Return the hash of a clip's first event, which ``INSERT`` writes word for word."""
    return link_hash(
        clip_uid=uid,
        seq=1,
        at=at,
        actor=actor,
        step=REGISTERED,
        before=None,
        after=STATE,
        round_=1,
        payload=payload,
        previous_hash=FIRST,
    )
