"""Projects as declared."""

from __future__ import annotations

import pytest

from services.domain.errors import (
    ConflictError,
    DuplicateError,
    InputError,
    NotAllowedError,
    NotFoundError,
)
from tests import factories
from tests.service.play import MEMBERS, Play

pytestmark = pytest.mark.db


def apply(play: Play, **changes: object):
    return play["lea"].project_apply("kitchen", factories.project_in(MEMBERS, **changes))


def test_applying_the_same_form_changes_nothing(play: Play) -> None:
    before = play["lea"].project("kitchen")
    assert apply(play) == before
    assert (before.policy_version, before.taxonomy_version) == (1, 1)
    assert before.members == {**MEMBERS, "lea": "manager"}


def test_other_numbers_are_a_new_policy_version(play: Play) -> None:
    after = apply(play, policy=factories.policy_document(tolerance_frames=5))
    assert (after.policy_version, after.policy["tolerance_frames"]) == (2, 5)


def test_other_labels_need_a_higher_version(play: Play) -> None:
    labels = ("pour", "stir", "wait")
    with pytest.raises(DuplicateError) as caught:
        apply(play, taxonomy=factories.taxonomy_document(labels=labels))
    assert "version 2 or higher" in caught.value.detail
    after = apply(play, taxonomy=factories.taxonomy_document(version=2, labels=labels))
    assert after.taxonomy_version == 2
    versions = [found.version for found in play["wren"].taxonomies("kitchen")]
    assert versions == [1, 2]
    assert play["wren"].taxonomy("kitchen", 1).document == factories.taxonomy_document()
    with pytest.raises(NotFoundError):
        play["wren"].taxonomy("kitchen", 3)


def test_faults_are_named_by_their_place(play: Play) -> None:
    for change, pointer in (
        ({"policy": {"seats": 3}}, "/policy/seats"),
        ({"taxonomy": {"name": "x", "version": 1, "layers": []}}, "/taxonomy/layers"),
        ({"members": {"nobody": "annotator"}}, "/members/nobody"),
        ({"members": {"ana": "arbiter"}}, "/members/ana"),
        ({"members": {"wren": "manager"}}, "/members/wren"),
    ):
        with pytest.raises(InputError) as caught:
            play["lea"].project_apply("kitchen", factories.project_in(**{"members": {}, **change}))
        assert caught.value.errors[0]["pointer"] == pointer


def test_a_manager_cannot_lock_himself_out(play: Play) -> None:
    after = play["lea"].project_apply("kitchen", factories.project_in({}))
    assert after.members == {"lea": "manager"}


def test_a_person_with_open_seats_stays(play: Play) -> None:
    play.in_annotation()
    with pytest.raises(ConflictError) as caught:
        play["lea"].project_apply("kitchen", factories.project_in({}))
    assert caught.value.code == "member_busy"
    assert "ana, ben" in caught.value.detail


def test_another_managers_project_cannot_be_taken(play: Play) -> None:
    with pytest.raises(NotFoundError):
        play["kim"].project_apply("kitchen", factories.project_in({}))
    assert [project.slug for project in play["kim"].projects()] == ["garage"]
    assert {project.slug for project in play["wren"].projects()} == {"kitchen", "garage"}


def test_another_managers_people_cannot_be_taken(play: Play) -> None:
    with pytest.raises(InputError):
        play["kim"].project_apply("garage", factories.project_in({"ana": "annotator"}))


@pytest.mark.parametrize("slug", ["Kitchen", "a--b", "-a", "x" * 65])
def test_a_slug_is_a_plain_name(play: Play, slug: str) -> None:
    with pytest.raises(InputError):
        play["lea"].project_apply(slug, factories.project_in({}))


@pytest.mark.parametrize("name", ["ana", "sam", "cleo"])
def test_people_see_no_project(play: Play, name: str) -> None:
    assert list(play[name].projects()) == []
    for call in (
        lambda: play[name].project("kitchen"),
        lambda: play[name].project_status("kitchen"),
        lambda: list(play[name].taxonomies("kitchen")),
    ):
        with pytest.raises(NotFoundError):
            call()


@pytest.mark.parametrize("name", ["ana", "sam", "cleo", "wren"])
def test_only_managers_apply(play: Play, name: str) -> None:
    with pytest.raises(NotAllowedError):
        play[name].project_apply("kitchen", factories.project_in({}))


def test_the_status_counts(play: Play) -> None:
    play.in_annotation()
    play.register()
    status = play["lea"].project_status("kitchen")
    assert status.states == {"in_annotation": 1, "registered": 1}
    assert status.due == {"ingest": 1}
    assert status.seats == {"open": 2}
    assert status.held == 0
