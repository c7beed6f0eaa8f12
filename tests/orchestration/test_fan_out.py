"""Threads unless Dask is asked for; who pre-labels and trains is a setting."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.templating import apply_values
from prefect_dask.task_runners import DaskTaskRunner

from orchestration.fan_out import fan_out
from orchestration.local.programs import DEPLOY
from orchestration.settings import FanOutSettings, StackSettings
from services.domain.errors import InputError

DEPLOYMENTS = {
    one["name"]: one
    for one in yaml.safe_load(StackSettings().prefect_file.read_text())["deployments"]
}


def test_threads_are_the_default() -> None:
    runner = fan_out(FanOutSettings(clips_at_once=3))
    assert isinstance(runner, ThreadPoolTaskRunner)
    assert runner._max_workers == 3


def test_dask_takes_a_cluster_of_its_own_or_the_one_that_is_named() -> None:
    own = fan_out(FanOutSettings(task_runner="dask", clips_at_once=4))
    assert isinstance(own, DaskTaskRunner)
    assert own.cluster_kwargs["n_workers"] == 4
    assert own.cluster_kwargs["threads_per_worker"] == 1
    there = fan_out(FanOutSettings(task_runner="dask", dask_scheduler="tcp://10.0.0.1:8786"))
    assert isinstance(there, DaskTaskRunner)
    assert there.address == "tcp://10.0.0.1:8786"


def test_without_dask_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prefect_dask.task_runners", None)
    with pytest.raises(InputError, match=r"segue\[gpu\]"):
        fan_out(FanOutSettings(task_runner="dask"))


def test_prelabel_and_train_go_to_the_pool_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_GPU_POOL", "gpu")
    pools = {name: apply_values(one["work_pool"], {})["name"] for name, one in DEPLOYMENTS.items()}
    assert {name for name, pool in pools.items() if pool == "gpu"} == {"prelabel", "train"}
    assert set(pools.values()) == {"cpu", "gpu"}


def test_a_pool_whose_workers_come_later_is_made_before_the_flows_are_deployed(
    tmp_path: Path,
) -> None:
    usual = StackSettings(home=tmp_path)
    assert [command[-4:-2] for command in DEPLOY.commands(usual)] == [["deploy", "--all"]]
    apart = usual.model_copy(update={"gpu_pool": "gpu"})
    assert [command[4:6] for command in DEPLOY.commands(apart)] == [
        ["work-pool", "create"],
        ["deploy", "--all"],
    ]
