from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.local import bootstrap
from orchestration.local.setup import checks, install
from orchestration.local.setup.clean import clean
from orchestration.local.setup.plan import Environment, Step, fingerprint, is_done, open_steps

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("torch==1\n")
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    steps = tuple(Step(name, ("-c", name), (constraints,)) for name in ("torch", "packages", "dev"))
    return Environment("Segue", folder, steps, needed_mb=1)


def finish(environment: Environment, *steps: Step) -> None:
    for step in steps:
        environment.stamp(step).write_text(fingerprint(environment.folder, step, "python3.11"))


def test_nothing_is_left_when_every_step_is_stamped(environment: Environment) -> None:
    finish(environment, *environment.steps)
    assert open_steps(environment, "python3.11") == ()


def test_a_half_finished_set_up_continues_where_it_stopped(environment: Environment) -> None:
    finish(environment, environment.steps[0])
    assert [step.name for step in open_steps(environment, "python3.11")] == ["packages", "dev"]


def test_a_changed_constraint_undoes_the_stamps(environment: Environment, tmp_path: Path) -> None:
    finish(environment, *environment.steps)
    (tmp_path / "constraints.txt").write_text("torch==2\n")
    assert open_steps(environment, "python3.11") == environment.steps


def test_another_interpreter_undoes_the_stamps(environment: Environment) -> None:
    finish(environment, *environment.steps)
    assert not is_done(environment, environment.steps[0], "another-python")


def test_a_lost_interpreter_undoes_the_stamps(environment: Environment) -> None:
    finish(environment, *environment.steps)
    environment.python.unlink()
    assert open_steps(environment, "python3.11") == environment.steps


def test_a_wrong_python_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGUE_PYTHON", raising=False)
    monkeypatch.setattr(checks, "_version", lambda _: "3.9")
    with pytest.raises(
        checks.SetupError, match=r"^Segue needs Python 3\.11 .* install python3\.11"
    ):
        checks.find_python()


def test_a_chosen_python_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_PYTHON", "/bin/sh")
    with pytest.raises(checks.SetupError, match="SEGUE_PYTHON is /bin/sh"):
        checks.find_python()


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(checks.SetupError, match=r"the set-up needs 999,999,999,999 MB: make room"):
        checks.check_space(tmp_path, 999_999_999_999)


def test_an_unwritable_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(checks.SetupError, match="set SEGUE_HOME to a folder of yours"):
        checks.check_folder(tmp_path / "file" / "state")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("OSError: [Errno 28] No space left on device", "because the disk is full"),
        ("NewConnectionError('<x>: Failed')", "because the package index cannot be reached"),
        ("ERROR: No matching distribution found for x", "No matching distribution found for x"),
        ("", "pip gave no reason"),
    ],
)
def test_why_pip_failed_is_said_with_the_log(
    environment: Environment, tmp_path: Path, said: str, reason: str
) -> None:
    log = tmp_path / "setup.log"
    log.write_text(f"before\n{said}\n")
    sentence = install._reason(environment, environment.steps[0], log, len("before\n"))
    assert reason in sentence
    assert str(log) in sentence


def test_a_failing_step_leaves_no_stamp(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_run", lambda command, _: int("install" in command))
    with pytest.raises(checks.SetupError, match="Installing torch of Segue failed"):
        install.bring_up_to_date(environment, "python3.11", tmp_path / "log")
    assert not environment.stamp(environment.steps[0]).exists()


def test_cuda_packages_are_refused(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = environment.folder / "lib" / "python3.11" / "site-packages"
    (packages / "nvidia_cublas_cu12-1.dist-info").mkdir(parents=True)
    monkeypatch.setattr(install, "_run", lambda *_: 0)
    with pytest.raises(checks.SetupError, match=r"nvidia_cublas_cu12-1.* CPU builds"):
        install.bring_up_to_date(environment, "python3.11", tmp_path / "log")


def test_set_up_imports_nothing_that_must_be_installed() -> None:
    code = "import orchestration.local.bootstrap, orchestration.local.setup.clean"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_failure_is_a_sentence_and_a_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path / "file" / "state"))
    (tmp_path / "file").touch()
    assert bootstrap.main([]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_clean_keeps_the_data_unless_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.local.setup.clean.ROOT", tmp_path)
    home = tmp_path / "home"
    for name in ("venv", "postgres", "logs"):
        (home / name).mkdir(parents=True)
    clean(home, data=False)
    assert [path.name for path in home.iterdir()] == ["postgres"]
    clean(home, data=True)
    assert not home.exists()
