from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.states import Scheduled

from orchestration.nudges import drop_late_ticks, start_deployment

pytestmark = [pytest.mark.harness, pytest.mark.usefixtures("prefect_server")]


@flow
def tick():
    return None


def test_a_nudge_to_a_deployment_that_is_not_there_is_only_said():
    start_deployment("nowhere")


def test_only_late_runs_of_a_schedule_are_dropped():
    now = datetime.now(UTC)
    with get_client(sync_client=True) as client:
        asked_for = client.create_flow_run(
            tick, state=Scheduled(scheduled_time=now - timedelta(hours=1))
        )
        assert drop_late_ticks() == 0  # a person asked for it: it stays, however late
        assert client.read_flow_run(asked_for.id).auto_scheduled is False
