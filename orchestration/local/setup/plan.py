"""What the two environments consist of, and the stamps that say which of it is done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TORCH = "torch==2.13.0"
EXTRAS = ("service", "worker", "bridge", "models", "local")
LABEL_STUDIO = ("label-studio==1.23.2", "gunicorn")
SEGUE_CONSTRAINTS = ROOT / "constraints.txt"
LABEL_STUDIO_CONSTRAINTS = ROOT / "labeling_bridge" / "label-studio-constraints.txt"


@dataclass(frozen=True)
class Step:
    """One call of pip, and the files whose change makes it necessary again."""

    name: str
    arguments: tuple[str, ...]
    inputs: tuple[Path, ...]


@dataclass(frozen=True)
class Environment:
    """A virtual environment and the steps that fill it."""

    title: str
    folder: Path
    steps: tuple[Step, ...]
    needed_mb: int

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def stamp(self, step: Step) -> Path:
        """Return the file that says that a step has run to its end."""
        return self.folder / f".segue-{step.name}"


def environments(home: Path, *, dev: bool) -> tuple[Environment, ...]:
    """Return both environments; ``dev`` adds the tools of tests and lint to Segue's own."""
    pyproject = ROOT / "pyproject.toml"
    constraints = ("-c", str(SEGUE_CONSTRAINTS))
    ours = (
        # First and alone: with the rest, pip may choose a build that brings gigabytes of CUDA.
        Step("torch", (*constraints, TORCH), (SEGUE_CONSTRAINTS,)),
        _editable("packages", EXTRAS, constraints, pyproject),
        *((_editable("dev", (*EXTRAS, "gpu", "dev"), constraints, pyproject),) if dev else ()),
    )
    theirs = (
        Step(
            "packages",
            ("-c", str(LABEL_STUDIO_CONSTRAINTS), *LABEL_STUDIO),
            (LABEL_STUDIO_CONSTRAINTS,),
        ),
    )
    return (
        Environment("Segue", home / "venv", ours, needed_mb=3500),
        Environment("Label Studio", home / "label-studio-venv", theirs, needed_mb=1800),
    )


def _editable(
    name: str, extras: tuple[str, ...], constraints: tuple[str, ...], pyproject: Path
) -> Step:
    wanted = f".[{','.join(extras)}]"  # relative: pip does not take every character in a path
    return Step(name, (*constraints, "-e", wanted), (SEGUE_CONSTRAINTS, pyproject))


def fingerprint(folder: Path, step: Step, interpreter: str) -> str:
    """Return what a stamp must hold for the step to count as done."""
    digest = hashlib.sha256()
    # The folders, too: an environment does not survive being moved.
    digest.update(json.dumps([interpreter, str(folder), str(ROOT), *step.arguments]).encode())
    for path in step.inputs:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_done(environment: Environment, step: Step, interpreter: str) -> bool:
    """Tell whether a step has run to its end with exactly these inputs."""
    stamp = environment.stamp(step)
    if not environment.python.exists() or not stamp.is_file():
        return False
    return stamp.read_text(encoding="ascii").strip() == fingerprint(
        environment.folder, step, interpreter
    )


def open_steps(environment: Environment, interpreter: str) -> tuple[Step, ...]:
    """Return what is left to do; after one step all later ones are done again."""
    for index, step in enumerate(environment.steps):
        if not is_done(environment, step, interpreter):
            return environment.steps[index:]
    return ()
