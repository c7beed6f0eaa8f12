"""Train: let a project's pre-label model learn from what people have agreed on since.

A run that is killed leaves nothing half registered: features and checkpoints are stored under
their sums, a training goes on after its last whole epoch, and the tracker takes a model, its
figures and its promotion in one transaction, once.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from prefect import flow, task, unmapped
from prefect.cache_policies import NO_CACHE
from pydantic import BaseModel, Field

from orchestration.fan_out import fan_out
from orchestration.runtime import Runtime, runtime
from orchestration.training.course import Course, Device, learn, report_on
from orchestration.training.features import features_ensure
from services.client.draft_payloads import ModelOut, TrainingClip, TrainingState
from services.domain.errors import SegueError, TransientError
from services.domain.taxonomy import Taxonomy
from services.domain.training_set import Side

log = structlog.get_logger(__name__)

BATCH = 20
"""Clips a task run: most nights their features are there already."""


class TrainParams(BaseModel):
    """What a project manager may set when a model is trained by hand."""

    project: str | None = Field(None, title="Project", description="Only this one; all if empty.")
    min_new_clips: int = Field(
        20, ge=0, title="New clips", description="Train only after so many newly accepted ones."
    )
    seed: int = Field(0, ge=0, description="Of everything that is drawn.")
    epochs: int = Field(40, ge=1, le=1000, description="Most passes over the clips.")
    device: Device = Field("auto", description="The GPU where there is one, or as said.")


@flow(name="train", timeout_seconds=86400, task_runner=fan_out())
def train(params: TrainParams = TrainParams()) -> str:  # noqa: B008 - an immutable default; Prefect's form shows it
    """Train models on newly accepted clips; each takes over only if it drafts better.

    A project that fails keeps no other from its turn; the run fails at its end.
    """
    parts = runtime()
    slugs = [params.project] if params.project else [p.slug for p in parts.tracker.projects()]
    said, failure = [], None
    for slug in slugs:
        try:
            said.append(f"{slug}: {train_project(slug, params, parts)}")
        except SegueError as error:
            log.warning("training_failed", project=slug, code=error.code)
            failure = failure or error
    if failure is not None:
        raise failure
    return f"train: {'; '.join(said) or 'there is no project'}"


def train_project(slug: str, params: TrainParams, parts: Runtime) -> str:
    """Train one project's next model; return what came of it."""
    state = parts.tracker.training_state(slug)
    home = parts.settings.scratch / "train" / slug
    with _alone(home) as is_alone:
        if not is_alone:
            return "another run is at it"
        if why := _why_not(state, params):
            shutil.rmtree(home, ignore_errors=True)
            return why
        course = _course(slug, state, params, parts)
        if why := _too_few(len(course.on(Side.TRAIN)), len(course.on(Side.HELD_OUT))):
            return why
        return _said(_run(course, state.current, home, parts))


def _run(course: Course, current: ModelOut | None, home: Path, parts: Runtime) -> ModelOut:
    folder = home / course.identity
    for other in home.iterdir() if home.is_dir() else ():
        if other != folder:  # of clips or settings that are not these any more
            shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = learn(course, folder, parts)
    report = report_on(course, checkpoint, current, folder, parts)
    made = parts.tracker.model_register(course.project, report)
    shutil.rmtree(home)
    return made


def _why_not(state: TrainingState, params: TrainParams) -> str | None:
    """Say why nothing is done, if so."""
    if state.n_new < params.min_new_clips:
        return (
            f"{state.n_new} newly accepted clips of the {params.min_new_clips} that are waited "
            "for; nothing was trained"
        )
    return _too_few(state.n_train, state.n_held_out)


def _too_few(n_train: int, n_held_out: int) -> str | None:
    if n_train >= 2 and n_held_out >= 1:
        return None
    return f"{n_train} clips to learn from and {n_held_out} to be judged by are too few"


def _course(slug: str, state: TrainingState, params: TrainParams, parts: Runtime) -> Course:
    from models.lowres import LowRes
    from models.temporal.settings import TrainConfig

    clips = list(parts.tracker.training_clips(slug))
    batches = [clips[first : first + BATCH] for first in range(0, len(clips), BATCH)]
    made = make_features.map(batches, unmapped(slug))
    ready = [clip for future in made for clip in future.result()]
    document = parts.tracker.taxonomy(slug, state.taxonomy_version).document
    return Course(
        project=slug,
        taxonomy=Taxonomy.parse(document),
        clips=tuple(ready),
        config=TrainConfig(seed=params.seed, n_epochs=params.epochs),
        device=params.device,
        extractor=LowRes(),
    )


@task(name="features", cache_policy=NO_CACHE, persist_result=False)
def make_features(clips: list[TrainingClip], slug: str) -> list[TrainingClip]:
    """See to clips' features; return those clips whose proxy is neither gone nor damaged."""
    from models.lowres import LowRes

    ready = []
    for clip in clips:
        try:
            features_ensure(clip, LowRes(), runtime().store)
        except TransientError:
            raise
        except SegueError as error:
            log.warning("clip_left_out", project=slug, clip_uid=str(clip.clip_uid), code=error.code)
        else:
            ready.append(clip)
    return ready


def _said(made: ModelOut) -> str:
    end = "it drafts from now on" if made.is_current else "what drafted goes on drafting"
    return f"model {made.version}: {made.verdict['reason']} So {end}"


@contextmanager
def _alone(home: Path) -> Iterator[bool]:
    """Tell whether no other run on this machine trains the project now, and keep it so."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
