"""Start a flow's deployment: ahead of its schedule, or because a person asked for it.

A nudge is never the truth: what is due stands in the tracker, and housekeeping starts
whatever a lost nudge forgot.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import structlog

from services.domain.errors import ExternalError, TransientError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

log = structlog.get_logger(__name__)


def deployment_name(flow: str) -> str:
    """Return the name under which prefect.yaml deploys a flow."""
    return f"{flow}/{flow}"


def start_deployment(flow: str) -> None:
    """Ask Prefect to run a flow's deployment soon, unless a run already waits to start."""
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(deployment_name(flow))
            if not _waiting(client, deployment.id):
                client.create_flow_run_from_deployment(deployment.id)
        except ObjectNotFound:
            log.warning("nudge_without_deployment", flow=flow)
        except httpx.HTTPError as error:  # Prefect refuses, or is coming back from a restart
            log.warning("nudge_lost", flow=flow, error=str(error))


def _waiting(client: SyncPrefectClient, deployment_id: UUID) -> bool:
    """Whether a run is due that has not begun; it will find all that is due by then."""
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import StateType

    runs = client.read_flow_runs(
        flow_run_filter=filters.FlowRunFilter(
            deployment_id=filters.FlowRunFilterDeploymentId(any_=[deployment_id]),
            state=filters.FlowRunFilterState(
                type=filters.FlowRunFilterStateType(any_=[StateType.SCHEDULED])
            ),
            next_scheduled_start_time=filters.FlowRunFilterNextScheduledStartTime(
                before_=datetime.now(UTC)
            ),
        ),
        limit=1,
    )
    return bool(runs)


def drop_late_ticks(*, late: timedelta = timedelta(seconds=90)) -> int:
    """Delete scheduled runs whose time has passed without them; return how many.

    After a night's rest Prefect would make up for every minute of it, and whoever asks for
    something would wait behind runs of which one is as good as a hundred.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import StateType

    scheduled = filters.FlowRunFilterStateType(any_=[StateType.SCHEDULED])
    passed = filters.FlowRunFilterExpectedStartTime(before_=datetime.now(UTC) - late)
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_run_filter=filters.FlowRunFilter(
                state=filters.FlowRunFilterState(type=scheduled), expected_start_time=passed
            )
        )
        ticks = [run for run in runs if run.auto_scheduled]
        for tick in ticks:
            client.delete_flow_run(tick.id)
    return len(ticks)


def run_deployment_and_wait(
    flow: str, *, params: Mapping[str, Any] | None = None, timeout_s: float = 3600
) -> None:
    """Run a flow's deployment and wait for its end.

    Raises
    ------
    TransientError
        If it has not ended in time (it goes on).
    ExternalError
        If it failed, with Prefect's own word on why.
    """
    from prefect.client.schemas.objects import FlowRun
    from prefect.deployments import run_deployment

    run = run_deployment(
        deployment_name(flow),
        parameters={"params": dict(params)} if params else {},
        timeout=timeout_s,
        poll_interval=1,
        as_subflow=False,
    )
    if not isinstance(run, FlowRun):
        raise TypeError("run_deployment answers with a coroutine only inside an event loop")
    state = run.state
    if state is None or not state.is_final():
        raise TransientError(f"The {flow} flow has not ended after {timeout_s:.0f} s; it goes on.")
    if not state.is_completed():
        raise ExternalError(f"The {flow} flow ended {state.name}: {state.message}")
