"""How many clips a run works on at a time, and where: threads here, or a Dask cluster.

Dask is for pre-labelling on several GPUs or machines (extra ``gpu``); each of its workers has the
same settings and secrets as this process, because it puts its own parts together.
"""

from __future__ import annotations

from typing import Any, cast

from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from orchestration.settings import FanOutSettings
from services.domain.errors import InputError

Runner = TaskRunner[PrefectFuture[Any]]


def fan_out(settings: FanOutSettings | None = None) -> Runner:
    """Return the task runner that the settings name.

    Raises
    ------
    InputError
        If it is Dask's and Dask is not installed.
    """
    settings = settings or FanOutSettings()
    if settings.task_runner == "dask":
        return _dask(settings)
    # Prefect types its runners by their own kind of future, and flows by futures at large.
    return cast("Runner", ThreadPoolTaskRunner(max_workers=settings.clips_at_once))


def _dask(settings: FanOutSettings) -> Runner:
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ModuleNotFoundError as error:
        raise InputError(
            "SEGUE_TASK_RUNNER is dask, but Dask is not installed: pip install 'segue[gpu]'.",
            code="no_dask",
        ) from error
    if settings.dask_scheduler is not None:
        return cast("Runner", DaskTaskRunner(address=settings.dask_scheduler))
    # One clip a worker: a decoder and a network each take what there is.
    cluster = {
        "n_workers": settings.clips_at_once,
        "threads_per_worker": 1,
        "processes": settings.dask_processes,
        "dashboard_address": None,
    }
    return cast("Runner", DaskTaskRunner(cluster_kwargs=cluster))
