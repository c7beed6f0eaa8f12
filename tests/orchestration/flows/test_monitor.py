"""The monitor's flow: every project has its turn, whatever becomes of another."""

from __future__ import annotations

import pytest

from orchestration.flows.monitor import monitor
from services.domain.errors import InputError
from services.tracker.monitoring import reopening
from services.tracker.monitoring.models import Inspection
from tests.orchestration.flows.house import House
from tests.service.test_monitor import on_gold

pytestmark = [pytest.mark.db, pytest.mark.harness]


def test_every_project_is_looked_at(house: House):
    assert monitor() == "monitor: 0 alarms; 0 clips are open again"
    assert Inspection.objects.count() == 2
    monitor()
    assert Inspection.objects.count() == 2  # nothing new was measured


def test_clips_are_opened_again_until_none_is_left(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reopening, "MOST_AT_ONCE", 1)
    on_gold(house.play, "reopen")
    house.nudged.clear()
    assert monitor() == "monitor: 1 alarms; 2 clips are open again"
    assert house.nudged == ["dispatch"]


def test_a_project_that_fails_keeps_no_other_from_its_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    real = house.parts.tracker.monitor

    def fails_for_garage(slug: str):
        if slug == "garage":
            raise InputError("broken")
        return real(slug)

    monkeypatch.setattr(house.parts.tracker, "monitor", fails_for_garage)
    with pytest.raises(InputError, match="broken"):
        monitor()
    assert [row.project.slug for row in Inspection.objects.all()] == ["kitchen"]
