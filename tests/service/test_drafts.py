"""Pre-label models: what they may learn from, who judges them, and which one drafts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError

from services.domain.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from services.domain.training_set import Side
from services.domain.workflow import Stage
from services.tracker.drafts.models import Lesson, ModelVersion, Promotion
from tests import factories
from tests.service.drafting import accepted_on, clip_score, hash_of, model_in, of
from tests.service.gold import followed, leave, rules, showings
from tests.service.play import Play

pytestmark = pytest.mark.db

N_HELD_OUT = 5


@pytest.fixture
def store(storage_root: Path) -> Path:
    return storage_root


@pytest.fixture
def taught(play: Play) -> Play:
    """Two clips to learn from, five to be judged by."""
    accepted_on(play, Side.TRAIN, 2)
    accepted_on(play, Side.HELD_OUT, N_HELD_OUT)
    return play


def register(play: Play, store: Path, **changes: Any) -> Any:
    return play["wren"].model_register("kitchen", model_in(play, store, **changes))


# --- the training set -------------------------------------------------------------------------


def test_the_set_is_what_stands_accepted_each_source_on_its_side(taught: Play) -> None:
    rows = list(taught["wren"].training_clips("kitchen"))
    assert [row.side for row in rows] == [Side.TRAIN] * 2 + [Side.HELD_OUT] * N_HELD_OUT
    assert rows[0].segments == [factories.segment()]
    assert rows[0].proxy_key.startswith("proxies/")
    assert len({row.recording for row in rows}) == 7
    again = rows[0].clip_uid
    taught["lea"].clip_reopen(again)
    assert again not in [row.clip_uid for row in taught["wren"].training_clips("kitchen")]


def test_gold_is_never_learnt_though_models_may_be_judged_by_it(taught: Play) -> None:
    rows = list(taught["wren"].training_clips("kitchen"))
    made = [taught["lea"].gold_promote("kitchen", rows[n].clip_uid) for n in (0, 2)]
    left = list(taught["wren"].training_clips("kitchen"))
    assert left == [row for row in rows if row != rows[0]]
    assert taught["lea"].training_state("kitchen").n_gold_left_out == 1
    taught["lea"].gold_withdraw(made[0].uid)  # who was tried on it may meet it again
    assert list(taught["wren"].training_clips("kitchen")) == left


def test_shadow_clips_are_in_no_set_and_keep_the_draft_of_their_source(
    taught: Play, store: Path
) -> None:
    register(taught, store)
    gold = taught["lea"].gold_promote("kitchen", accepted_on(taught, Side.TRAIN)[0])
    before = list(taught["wren"].training_clips("kitchen"))
    rules(taught, "dot", "eve", gold_share=1)
    leave(taught, "ana", "ben")
    followed(taught)
    shadows = [showing.clip_uid for showing in showings(taught)]
    assert shadows
    (draft,) = taught["lea"].prelabels(shadows[0])
    (original,) = taught["lea"].prelabels(gold.clip_uid)
    assert (draft.model, draft.segments) == (original.model, original.segments)
    assert list(taught["wren"].training_clips("kitchen")) == before
    assert taught.claim(Stage.PRELABEL) == []


def test_only_what_came_since_the_newest_model_is_new(taught: Play, store: Path) -> None:
    assert taught["lea"].training_state("kitchen").n_new == 2
    register(taught, store)
    accepted_on(taught, Side.HELD_OUT)
    assert taught["lea"].training_state("kitchen").n_new == 0
    accepted_on(taught, Side.TRAIN)
    state = taught["wren"].training_state("kitchen")
    assert (state.n_train, state.n_held_out, state.n_new) == (3, 6, 1)


# --- registration -----------------------------------------------------------------------------


def test_a_better_model_takes_over_by_policy(taught: Play, store: Path) -> None:
    body = model_in(taught, store)
    made = taught["wren"].model_register("kitchen", body)
    assert (made.version, made.is_current, made.rival_version) == (1, True, None)
    assert (made.n_train, made.n_held_out) == (2, N_HELD_OUT)
    assert (made.metrics["f1_50"], made.rival_metrics["f1_50"]) == (0.9, 0.5)
    assert made.verdict["promote"]
    assert made.taxonomy_hash == taught["lea"].taxonomy("kitchen", 1).hash
    (promotion,) = taught["lea"].promotions("kitchen")
    assert (promotion.actor, promotion.before_version, promotion.after_version) == (
        "policy",
        None,
        1,
    )
    assert promotion.reason == made.verdict["reason"]
    http = taught.http("wren")
    again = http.post("/api/v1/projects/kitchen/models", json=body.model_dump(mode="json"))
    assert (again.status_code, again.json()["uid"]) == (200, str(made.uid))
    assert ModelVersion.objects.count() == Promotion.objects.count() == 1
    assert Lesson.objects.count() == 7


def test_a_model_that_is_no_better_is_kept_and_drafts_nothing(taught: Play, store: Path) -> None:
    first = register(taught, store)
    second = register(taught, store, f1=0.5, rival_f1=0.9, rival_version=1)
    assert (second.version, second.rival_version, second.is_current) == (2, 1, False)
    state = taught["lea"].training_state("kitchen")
    assert (state.current, state.newest) == (first, second)


def test_it_is_measured_against_what_is_in_use(taught: Play, store: Path) -> None:
    late = model_in(taught, store)
    register(taught, store)
    with pytest.raises(ConflictError) as caught:
        taught["wren"].model_register("kitchen", late)
    assert caught.value.code == "rival_replaced"
    assert ModelVersion.objects.count() == 1


def test_the_tracker_judges_by_itself(taught: Play, store: Path) -> None:
    """A worker reports figures a clip; that somebody says a model is better counts for nothing."""
    body = model_in(taught, store, f1=0.4, rival_f1=0.5).model_dump(mode="json")
    body |= {"verdict": {"promote": True}, "is_current": True, "metrics": {"f1_50": 1.0}}
    made = taught.http("wren").post("/api/v1/projects/kitchen/models", json=body).json()
    assert (made["is_current"], made["verdict"]["promote"]) == (False, False)


def wrong(play: Play, store: Path, **changes: Any) -> str:
    with pytest.raises((InputError, ConflictError, NotFoundError)) as caught:
        register(play, store, **changes)
    assert not ModelVersion.objects.exists()
    return caught.value.detail


def test_what_does_not_fit_the_set_or_the_store_is_refused(taught: Play, store: Path) -> None:
    sound = model_in(taught, store)
    rows = list(taught["wren"].training_clips("kitchen"))
    scores = [clip_score(row.clip_uid, 0.9) for row in of(rows, Side.TRAIN)]
    said = {
        "swapped": wrong(taught, store, train=sound.held_out, held_out=sound.train),
        "both": wrong(taught, store, train=[*sound.train, sound.held_out[0]]),
        "strange": wrong(taught, store, train=[uuid4()]),
        "hash": wrong(taught, store, data_hash=hash_of(rows[1:])),
        "scores": wrong(taught, store, scores=scores, rival_scores=scores),
        "sum": wrong(taught, store, sha256="0" * 64),
        "size": wrong(taught, store, n_bytes=3),
        "missing": wrong(taught, store, storage_key="models/kitchen/nowhere"),
        "elsewhere": wrong(taught, store, storage_key="proxies/x.mp4"),
        "labels": wrong(taught, store, taxonomy_version=9),
    }
    expected = {
        "swapped": "is not on the side",
        "both": "is on both sides",
        "strange": "is no accepted decision",
        "hash": "another hash",
        "scores": "not of the held-out clips",
        "sum": "another SHA-256",
        "size": "bytes",
        "missing": "not in the store",
        "elsewhere": "must lie below models/kitchen/",
        "labels": "no taxonomy version 9",
    }
    assert {name: text for name, text in said.items() if expected[name] not in text} == {}


def test_what_became_gold_during_the_training_is_not_let_in(taught: Play, store: Path) -> None:
    body = model_in(taught, store)
    rows = list(taught["wren"].training_clips("kitchen"))
    taught["lea"].gold_promote("kitchen", rows[0].clip_uid)
    with pytest.raises(ConflictError) as caught:
        taught["wren"].model_register("kitchen", body)
    assert caught.value.code == "gold_learnt"


# --- what drafts ------------------------------------------------------------------------------


def test_the_work_item_names_the_model_in_use_and_only_under_its_labels(
    taught: Play, store: Path
) -> None:
    made = register(taught, store)
    taught.register()
    taught.report(taught.claim_one(Stage.INGEST), factories.ingest_done())
    item = taught.claim_one(Stage.PRELABEL)
    assert item.model is not None
    assert (item.model.version, item.model.sha256) == (1, made.sha256)
    assert (item.model.storage_key, item.model.extractor) == (made.storage_key, "lowres@2")
    taught.report(item, factories.prelabel_done())
    assert taught.claim_one(Stage.DISPATCH).model is None
    members = {"ana": "annotator", "ben": "annotator", "sam": "arbiter", "cleo": "client"}
    other = factories.taxonomy_document(version=2, labels=("pour", "stir", "cut"))
    taught["lea"].project_apply("kitchen", factories.project_in(members, taxonomy=other))
    taught.register()
    taught.report(taught.claim_one(Stage.INGEST), factories.ingest_done())
    assert taught.claim_one(Stage.PRELABEL).model is None
    state = taught["lea"].training_state("kitchen")
    assert (state.taxonomy_version, state.current, state.n_train) == (2, None, 0)


def test_a_manager_promotes_and_withdraws(taught: Play, store: Path) -> None:
    lea = taught["lea"]
    register(taught, store)
    register(taught, store, f1=0.5, rival_f1=0.9, rival_version=1)
    assert lea.model_promote("kitchen", 2, note="looks better to me").is_current
    assert lea.model_promote("kitchen", 2).is_current  # again: nothing new
    assert not lea.model("kitchen", 1).is_current
    with pytest.raises(ConflictError) as caught:
        lea.model_withdraw("kitchen", 1)
    assert caught.value.code == "not_current"
    assert not lea.model_withdraw("kitchen", 2, note="it does not").is_current
    assert lea.model("kitchen", 1).is_current
    lea.model_withdraw("kitchen", 1)
    assert lea.training_state("kitchen").current is None
    told = [(p.act, p.before_version, p.after_version, p.actor) for p in lea.promotions("kitchen")]
    assert told == [
        ("promoted", None, 1, "policy"),
        ("promoted", 1, 2, "lea"),
        ("withdrawn", 2, 1, "lea"),
        ("withdrawn", 1, None, "lea"),
    ]


def test_a_withdrawn_model_does_not_come_back_by_itself(taught: Play, store: Path) -> None:
    lea = taught["lea"]
    register(taught, store)
    register(taught, store, rival_version=1)
    lea.model_withdraw("kitchen", 2)
    lea.model_withdraw("kitchen", 1)
    register(taught, store)
    lea.model_promote("kitchen", 2)  # over 3
    lea.model_promote("kitchen", 3)
    lea.model_withdraw("kitchen", 3)
    assert lea.model("kitchen", 2).is_current
    lea.model_withdraw("kitchen", 2)
    assert lea.training_state("kitchen").current is None


# --- who --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ana", "sam", "cleo"])
def test_people_who_label_and_clients_learn_nothing_of_it(
    taught: Play, store: Path, name: str
) -> None:
    body = model_in(taught, store)
    register(taught, store)
    who = taught[name]
    calls = (
        lambda: list(who.training_clips("kitchen")),
        lambda: who.training_state("kitchen"),
        lambda: list(who.models("kitchen")),
        lambda: who.model("kitchen", 1),
        lambda: who.model_register("kitchen", body),
        lambda: who.model_promote("kitchen", 1),
        lambda: who.model_withdraw("kitchen", 1),
        lambda: list(who.promotions("kitchen")),
    )
    for call in calls:
        with pytest.raises(NotAllowedError):
            call()


def test_answers_for_training_go_to_machines_only(taught: Play, store: Path) -> None:
    with pytest.raises(NotAllowedError):
        list(taught["lea"].training_clips("kitchen"))
    with pytest.raises(NotAllowedError):
        taught["lea"].model_register("kitchen", model_in(taught, store))
    with pytest.raises(NotAllowedError):
        taught["wren"].model_promote("kitchen", 1)


def test_another_projects_manager_finds_nothing(taught: Play, store: Path) -> None:
    register(taught, store)
    kim = taught["kim"]
    for call in (
        lambda: kim.training_state("kitchen"),
        lambda: list(kim.models("kitchen")),
        lambda: kim.model("kitchen", 1),
        lambda: kim.model_promote("kitchen", 1),
        lambda: kim.model_withdraw("kitchen", 1),
        lambda: list(kim.promotions("kitchen")),
        lambda: kim.model("garage", 1),
    ):
        with pytest.raises(NotFoundError):
            call()


# --- the database -----------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["modelversion", "lesson", "promotion"])
def test_nothing_of_it_is_ever_changed(taught: Play, store: Path, table: str) -> None:
    register(taught, store)
    for statement in (f"UPDATE drafts_{table} SET id = id", f"DELETE FROM drafts_{table}"):
        with (
            pytest.raises((IntegrityError, InternalError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
