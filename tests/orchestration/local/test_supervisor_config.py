from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path

import pytest

from orchestration.local.programs import PROGRAMS
from orchestration.local.secrets import MAKERS, read_secret
from orchestration.local.supervisor_config import LONGEST_SOCKET_PATH, render, socket_path
from orchestration.settings import StackSettings


def test_it_holds_no_secret(settings: StackSettings) -> None:
    text = render(settings, PROGRAMS)
    assert [name for name in MAKERS if read_secret(settings.secrets, name) in text] == []


def test_every_program_has_one_log_and_is_started_by_us(settings: StackSettings) -> None:
    config = RawConfigParser()
    config.read_string(render(settings, PROGRAMS))
    for program in PROGRAMS:
        section = config[f"program:{program.name}"]
        assert section["stdout_logfile"] == str(settings.logs / f"{program.name}.log")
        assert section["autostart"] == "false"
        assert section["command"].endswith(f"orchestration.local.service {program.name}")


def test_postgres_is_stopped_last(settings: StackSettings) -> None:
    assert min(PROGRAMS, key=lambda program: program.order).name == "postgres"


def test_a_percent_sign_in_a_path_stays_one(settings: StackSettings, tmp_path: Path) -> None:
    odd = settings.model_copy(update={"home": tmp_path / "100% mine"})
    assert "100%% mine" in render(odd, PROGRAMS)


def test_a_deep_folder_still_gets_a_socket(settings: StackSettings, tmp_path: Path) -> None:
    deep = settings.model_copy(update={"home": tmp_path / ("d" * 120)})
    assert len(str(socket_path(deep))) <= LONGEST_SOCKET_PATH
    assert socket_path(deep) != socket_path(
        settings.model_copy(update={"home": tmp_path / ("e" * 120)})
    )


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_no_argument_holds_a_secret(settings: StackSettings, program) -> None:
    arguments = " ".join(program.command(settings))
    assert [name for name in MAKERS if read_secret(settings.secrets, name) in arguments] == []
