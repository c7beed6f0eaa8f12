from pathlib import Path

import pytest

import orchestration.demo
from orchestration.project_file import changes, read_project
from services.client.payloads import ProjectOut
from services.domain.errors import InputError

DEMO = Path(orchestration.demo.__file__).parent / "project"


def as_it_stands(declared) -> ProjectOut:
    return ProjectOut(
        slug="workbench",
        policy_version=1,
        taxonomy_version=1,
        **declared.model_dump(),
    )


def test_the_demo_project_is_valid_and_named():
    slug, declared = read_project(DEMO)
    assert slug == "workbench"
    assert declared.members["sam"] == "arbiter"
    assert declared.policy["tolerance_frames"] == 3


def test_applying_the_same_files_again_changes_nothing():
    _, declared = read_project(DEMO / "project.yaml")
    assert changes(as_it_stands(declared), declared, applicant="lea") == []


def test_a_new_project_shows_every_field():
    _, declared = read_project(DEMO)
    fields = {name for name, _, _ in changes(None, declared, applicant="lea")}
    assert {"title", "members.ana", "policy.tolerance_frames"} <= fields


def test_a_changed_trigger_is_shown_with_both_values():
    _, declared = read_project(DEMO)
    before = as_it_stands(declared)
    before.taxonomy["layers"][0]["labels"][1]["start_trigger"] = "Something else."
    assert changes(before, declared, applicant="lea") == [
        (
            "taxonomy.layers.action.labels.grasp.start_trigger",
            "Something else.",
            "The hand touches the object.",
        )
    ]


def test_a_removed_member_is_shown():
    _, declared = read_project(DEMO)
    before = as_it_stands(declared)
    before.members["kim"] = "annotator"
    assert changes(before, declared, applicant="lea") == [("members.kim", "annotator", "")]


def test_the_applicant_stays_without_being_named():
    _, declared = read_project(DEMO)
    before = as_it_stands(declared)
    before.members["manager"] = "manager"
    assert changes(before, declared, applicant="manager") == []


@pytest.mark.parametrize(
    ("project", "taxonomy", "message"),
    [
        (None, "", "project.yaml cannot be read"),
        ("slug: [", "", "project.yaml is not YAML"),
        ("just text", "", "project.yaml must hold fields"),
        ("slug: a b\ntitle: x", "", r"project\.yaml is not valid\. slug: "),
        ("slug: a\ntitle: x\ntaxonomy: none.yaml", "", "none.yaml cannot be read"),
        (
            "slug: a\ntitle: x",
            "name: a\nversion: 1\nlayers: []",
            r"taxonomy\.yaml is not valid\. layers: ",
        ),
        (
            "slug: a\ntitle: x",
            "name: a\nversion: 1\nlayers: [{labels: [{name: pour, min_frames: -1}]}]",
            r"taxonomy\.yaml is not valid\. layers #1\.labels\.pour\.min_frames: ",
        ),
        (
            "slug: a\ntitle: x",
            "name: a\nversion: 1\nlayers: [{labels: [{name: pour}, {name: pour}]}]",
            r"taxonomy\.yaml is not valid\. layers #1: .*pour",
        ),
        (
            "slug: a\ntitle: x\npolicy: {tolerance_frames: -1}",
            "name: a\nversion: 1\nlayers: [{labels: [{name: pour}]}]",
            r"project\.yaml is not valid\. policy\.tolerance_frames: ",
        ),
        (
            "slug: a\ntitle: x\nmembers: {ana: boss}",
            "",
            r"project\.yaml is not valid\. members\.ana: ",
        ),
    ],
)
def test_a_faulty_file_is_named_with_its_field(tmp_path, project, taxonomy, message):
    if project is not None:
        (tmp_path / "project.yaml").write_text(project)
    (tmp_path / "taxonomy.yaml").write_text(taxonomy)
    with pytest.raises(InputError, match=message):
        read_project(tmp_path)
