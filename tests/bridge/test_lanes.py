from __future__ import annotations

from dataclasses import replace

import pytest

from labeling_bridge.lanes import LONGEST_TITLE, Kind, Lane, Webhook, lane_settings
from tests.bridge.samples import COFFEE

LANE = Lane(project="coffee", taxonomy_version=1, username="ana", kind="annotation")


@pytest.mark.parametrize(
    "other",
    [
        replace(LANE, project="tea"),
        replace(LANE, taxonomy_version=2),
        replace(LANE, username="ben"),
        replace(LANE, kind="arbitration"),
    ],
)
def test_different_lanes_are_different_projects(other: Lane) -> None:
    assert other.key != LANE.key
    assert other.title != LANE.title


@pytest.mark.parametrize("kind", ["annotation", "arbitration"])
def test_a_title_fits_label_studio_and_names_no_person(kind: Kind) -> None:
    lane = replace(LANE, project="p" * 64, taxonomy_version=1234, kind=kind)
    assert 3 <= len(lane.title) <= LONGEST_TITLE
    assert "ana" not in lane.title
    assert lane.title.split()[1] == "v1234"
    assert ("arbitration" in lane.title) is (kind == "arbitration")


def test_a_lane_shows_drafts_and_allows_no_skip() -> None:
    settings = lane_settings(LANE, COFFEE, tolerance=3)
    assert settings["show_collab_predictions"] is True
    assert settings["show_skip_button"] is False
    assert settings["show_annotation_history"] is False


def test_only_an_arbiter_sees_opinions() -> None:
    assert "opinion_" not in lane_settings(LANE, COFFEE, tolerance=3)["label_config"]
    arbiters = lane_settings(replace(LANE, kind="arbitration"), COFFEE, tolerance=3)
    assert "opinion_x" in arbiters["label_config"]
    assert arbiters["color"] != lane_settings(LANE, COFFEE, tolerance=3)["color"]


def test_a_secret_does_not_show_in_logs() -> None:
    assert "hush" not in repr(Webhook(url="http://t.test/", secret="hush"))
