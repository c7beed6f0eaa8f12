"""What PostgreSQL itself refuses, whoever asks."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from services.domain.errors import StaleStateError, TransitionError
from services.domain.workflow import Facts, Step
from services.tracker.annotations.models import Annotation, Assignment, Prelabel
from services.tracker.clips.models import Clip, ClipEvent
from services.tracker.clips.services import clip_advance
from services.tracker.projects.models import PolicyVersion, TaxonomyVersion
from services.tracker.quality.models import Comparison, Decision, SanityCheck
from services.tracker.releases.models import Release, ReleaseClip
from services.tracker.work.models import Lease
from tests.service.play import Play

pytestmark = pytest.mark.db

APPEND_ONLY = [
    ClipEvent, Annotation, Prelabel, Decision, Comparison, SanityCheck, TaxonomyVersion,
    PolicyVersion,
]  # fmt: skip


def refused(statement: str, *values: object) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize("model", APPEND_ONLY, ids=lambda model: model.__name__)
def test_history_is_append_only(play: Play, model: type) -> None:
    play.accepted()
    table = model._meta.db_table
    assert model.objects.exists()
    assert refused(f"UPDATE {table} SET id = id")
    assert refused(f"DELETE FROM {table}")
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.all().delete()


def test_a_finished_release_is_final(play: Play) -> None:
    play.accepted()
    made = play["wren"].release_create("kitchen", "1.0")
    assert not refused("UPDATE releases_release SET fault = 'x' WHERE uid = %s", made.uid)
    play["wren"].release_fail(made.uid, "no")
    assert refused("UPDATE releases_release SET fault = 'y' WHERE uid = %s", made.uid)
    assert refused(f"DELETE FROM {ReleaseClip._meta.db_table}")
    assert Release.objects.get().fault == "no"


@pytest.mark.parametrize(
    "segments",
    ['[{"onset": 5, "offset": 5}]', '[{"onset": -1, "offset": 5}]', '[{"onset": 1}]', '{"a": 1}'],
)
def test_a_stored_segment_ends_after_it_begins(play: Play, segments: str) -> None:
    play.prelabelled()
    assert refused(
        "INSERT INTO annotations_prelabel (uid, clip_id, taxonomy_id, model, segments, details) "
        "SELECT gen_random_uuid(), clip_id, taxonomy_id, model, %s, details "
        "FROM annotations_prelabel",
        segments,
    )


def test_nobody_arbitrates_what_he_annotated(play: Play) -> None:
    play.prelabelled()
    seat = Assignment.objects.get(user__username="ana")
    for round_ in (1, 2):
        with pytest.raises(IntegrityError), transaction.atomic():
            Assignment.objects.create(
                clip=seat.clip, round=round_, user=seat.user, kind="arbitration",
                shows_prelabel=False,
            )  # fmt: skip


def test_a_person_holds_one_seat_a_round(play: Play) -> None:
    play.prelabelled()
    seat = Assignment.objects.get(user__username="ana")
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(
            clip=seat.clip, round=1, user=seat.user, kind="annotation", shows_prelabel=False
        )


def test_a_clip_has_one_open_lease(play: Play) -> None:
    play.register()
    play.claim(play.clip(Clip.objects.get().uid).due)
    lease = Lease.objects.get()
    lease.pk, lease.uid = None, uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        lease.save(force_insert=True)


def test_states_are_words_of_the_vocabulary(play: Play) -> None:
    play.register()
    assert refused("UPDATE clips_clip SET state = 'nearly_done'")
    assert refused("UPDATE clips_clip SET due = 'lunch'")
    assert refused("UPDATE clips_clip SET held = true, reason = NULL")


def test_a_stale_write_is_refused(play: Play) -> None:
    play.register()
    first, second = Clip.objects.get(), Clip.objects.get()
    facts = Facts()
    clip_advance(clip=first, step=Step.INGESTED, actor="x", facts=facts, payload={})
    with pytest.raises(StaleStateError), transaction.atomic():
        clip_advance(clip=second, step=Step.INGESTED, actor="x", facts=facts, payload={})
    with pytest.raises(TransitionError):
        clip_advance(clip=first, step=Step.AGREED, actor="x", facts=facts, payload={})
    assert ClipEvent.objects.count() == 2


def test_migrations_are_complete(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
