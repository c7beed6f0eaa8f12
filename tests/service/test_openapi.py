"""The OpenAPI document: checked in, sound, true to the payloads and to what is answered."""

from __future__ import annotations

import inspect
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from services.client import draft_payloads, payloads, quality_payloads
from services.client.api import TrackerClient
from tests.service.measuring import alarm_over
from tests.service.play import Play
from tests.service.routes import api_routes

DOCUMENT = Path(__file__).parents[2] / "services" / "tracker" / "openapi.yaml"
SCHEMA = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
COMPONENTS = SCHEMA["components"]["schemas"]
PAYLOADS = [
    (name, model)
    for module in (payloads, quality_payloads, draft_payloads)
    for name, model in inspect.getmembers(module, inspect.isclass)
    if issubclass(model, payloads.Payload) and model is not payloads.Payload
]


def test_the_document_is_what_the_code_says() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    fresh = yaml.safe_load(out.getvalue())
    assert fresh == SCHEMA, "run manage.py spectacular --file services/tracker/openapi.yaml"


def test_every_route_is_documented() -> None:
    documented = {
        (path.lstrip("/"), method) for path, item in SCHEMA["paths"].items() for method in item
    }
    assert {(route.template, route.method) for route in api_routes()} <= documented


@pytest.mark.parametrize(("name", "model"), PAYLOADS, ids=[name for name, _ in PAYLOADS])
def test_the_payloads_are_true_to_the_document(name: str, model: Any) -> None:
    # What is sent is described apart from what is answered.
    component = COMPONENTS.get(name) or COMPONENTS.get(f"{name}Request")
    assert component is not None, f"{name} is not in the document"
    assert set(model.model_fields) == set(component["properties"])
    assert set(component.get("required", [])) <= set(model.model_fields)


def test_the_client_has_a_method_for_every_operation() -> None:
    operations = {
        item[method]["operationId"]
        for item in SCHEMA["paths"].values()
        for method in item
        if "operationId" in item[method]
    }
    methods = {name for name, _ in inspect.getmembers(TrackerClient, inspect.isfunction)}
    assert {CLIENT_NAMES.get(name, name) for name in operations} <= methods


CLIENT_NAMES = {
    "model_list": "models",
    "model_read": "model",
    "promotion_list": "promotions",
    "user_list": "users",
    "user_read": "user",
    "user_create": "user_add",
    "user_token_create": "user_token",
    "project_list": "projects",
    "project_read": "project",
    "taxonomy_list": "taxonomies",
    "taxonomy_read": "taxonomy",
    "clip_list": "clips",
    "clip_read": "clip",
    "clip_event_list": "clip_events",
    "near_duplicate_list": "near_duplicates",
    "clip_near_duplicate_list": "clip_near_duplicates",
    "assignment_list": "assignments",
    "assignment_read": "assignment",
    "annotation_read": "annotation",
    "clip_annotation_list": "annotations",
    "clip_prelabel_list": "prelabels",
    "clip_decision_list": "decisions",
    "lane_list": "lanes",
    "gold_list": "gold",
    "alarm_list": "alarms",
    "showing_list": "showings",
    "standing_list": "standings",
    "standing_event_list": "standing_events",
    "inbox_list": "inbox",
    "inbox_label_studio": "inbox_done",  # Label Studio calls it, not we
    "release_list": "releases",
    "release_read": "release",
    "release_clip_list": "release_clips",
    "release_file": "release_download",
    "schema_retrieve": "me",
}


# --- whatever is sent, the answer is in the document ---------------------------------------------

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]
OPERATIONS = [
    (path, method.upper())
    for path, item in SCHEMA["paths"].items()
    for method in item
    if path.startswith("/api/v1/")
    and path not in {"/api/v1/tokens/current", "/api/v1/schema/"}
    and method in {"get", "post", "put", "patch", "delete"}
]


@pytest.mark.db
@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{m} {p}" for p, m in OPERATIONS])
def test_whatever_is_sent_is_answered_as_documented(
    play: Play, storage_root: Path, path: str, method: str
) -> None:
    real = things(play)
    schema = schemathesis.openapi.from_dict(SCHEMA)
    schema.app = play.app

    @given(data=st.data())
    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answer(data: Any) -> None:
        case = data.draw(schema[path][method].as_strategy())
        for name, values in real.items():
            if name in (case.path_parameters or {}) and data.draw(st.booleans()):
                case.path_parameters[name] = data.draw(st.sampled_from(values))
        role = data.draw(st.sampled_from(["wren", "lea", "ana"]))
        case.call_and_validate(
            headers={"Authorization": f"Bearer {play.tokens[role]}"}, checks=CHECKS
        )

    answer()


def things(play: Play) -> dict[str, list[str]]:
    """Return what exists, so that not every request ends at "not found"."""
    accepted, open_ = play.accepted(), play.in_arbitration()
    release = play["wren"].release_create("kitchen", "1.0")
    play.register("waiting.mp4")
    lease = play.claim(play.clip(play.register("leased.mp4")[0]).due, limit=1)[0].lease_uid
    seat, answer = play.seat(open_, "ana"), next(iter(play["wren"].annotations(accepted))).uid
    alarm = alarm_over("ana", "seen by lea")
    uids = [accepted, open_, release.uid, lease, seat, answer, play.lane("ana").uid, alarm]
    return {
        "uid": [str(uid) for uid in uids],
        "slug": ["kitchen"],
        "username": ["ana", "cleo"],
        "version": [1],
        "path": ["clips.jsonl"],
    }
