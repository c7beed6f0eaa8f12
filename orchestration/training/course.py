"""One training of one project: what is learnt from, how it is measured, what is reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog

import models
from models.features import Extractor, key_of
from models.prelabel import propose_cold
from orchestration.drafting import load_stored
from orchestration.runtime import Runtime
from orchestration.training.features import features_fetch
from services.client.downloads import sha256_of
from services.client.draft_payloads import ModelIn, ModelOut, TrainingClip
from services.domain.canonical import content_hash
from services.domain.promotion import ClipScore
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from services.domain.training_set import Side, data_hash

if TYPE_CHECKING:
    from models.features import Features
    from models.temporal.dataset import LabelledClip
    from models.temporal.evaluate import Evaluation
    from models.temporal.settings import TrainConfig

log = structlog.get_logger(__name__)

Device = Literal["auto", "cpu", "cuda"]
Draft = Callable[["Features"], Sequence[Segment]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a training is of; equal courses end in the same checkpoint.

    ``clips`` are all of the training set whose features there are.
    """

    project: str
    taxonomy: Taxonomy
    clips: tuple[TrainingClip, ...]
    config: TrainConfig
    device: Device
    extractor: Extractor

    @property
    def data_hash(self) -> str:
        """Hash of what is learnt from and judged by."""
        return data_hash(
            (str(clip.decision_uid), clip.side, content_hash(clip.segments)) for clip in self.clips
        )

    @property
    def identity(self) -> str:
        """Names the folder in which a training that was killed goes on."""
        facts = {
            "data": self.data_hash,
            "proxies": sorted([str(clip.clip_uid), clip.proxy_sha256] for clip in self.clips),
            "config": self.config.as_json() | {"network": asdict(self.config.network)},
            "taxonomy": self.taxonomy.hash,
            "extractor": key_of(self.extractor),
            "device": self.device,
            "code": code_version(),
        }
        return content_hash(facts)[:16]

    def on(self, side: Side) -> list[TrainingClip]:
        """Return the clips of one side."""
        return [clip for clip in self.clips if clip.side is side]


@lru_cache(maxsize=1)
def code_version() -> str:
    """Name the code that decodes, sees and learns by its content, installed or not."""
    package = Path(models.__file__ or "").parent
    sources = sorted(package.rglob("*.py"))
    facts = [[str(path.relative_to(package)), sha256_of(path)] for path in sources]
    return f"models@{content_hash(facts)[:12]}"


def learn(course: Course, folder: Path, parts: Runtime) -> Path:
    """Train, or go on with a training, or take the checkpoint that it ended in.

    Raises
    ------
    InputError
        With too few clips or sources (code ``too_few_clips``).
    """
    from models.temporal.infer import device_of_choice
    from models.temporal.train import MODEL, train

    done = folder / MODEL
    if done.is_file():
        return done
    # The held-out clips stay out of it: which epoch is best is seen on others.
    clips = labelled(course, Side.TRAIN, folder, parts)

    def tick(epoch: int, loss: float, evaluation: Evaluation) -> None:
        log.info(
            "epoch_done", project=course.project, epoch=epoch, loss=round(loss, 4),
            selection=round(evaluation.selection, 4),
        )  # fmt: skip

    device = device_of_choice(course.device)
    return train(clips, course.taxonomy, course.config, folder, tick=tick, device=device).path


def labelled(course: Course, side: Side, folder: Path, parts: Runtime) -> list[LabelledClip]:
    """Return the clips of a side with their features, which are fetched below the folder."""
    from models.temporal.dataset import LabelledClip

    rows = folder / "features"
    rows.mkdir(parents=True, exist_ok=True)
    return [
        LabelledClip(
            name=str(clip.clip_uid),
            source=clip.recording,
            features=features_fetch(clip, course.extractor, parts.store, rows),
            truth=Segmentation.from_json(
                clip.segments, n_frames=Timebase.from_json(clip.timebase).n_frames
            ),
        )
        for clip in course.on(side)
    ]


def report_on(
    course: Course, checkpoint: Path, current: ModelOut | None, folder: Path, parts: Runtime
) -> ModelIn:
    """Measure a model and what it is up against on the held-out clips; store its checkpoint."""
    from models.temporal.checkpoint import load_checkpoint
    from models.temporal.infer import NetModel, device_of_choice, propose_segments

    loaded = load_checkpoint(checkpoint)
    card, model = loaded.card, NetModel(loaded, device=device_of_choice(course.device))
    held_out = labelled(course, Side.HELD_OUT, folder, parts)
    key = f"models/{course.project}/{loaded.sha256}.safetensors"
    parts.store.put(checkpoint, key)
    return ModelIn(
        taxonomy_version=course.taxonomy.version,
        data_hash=course.data_hash,
        train=[clip.decision_uid for clip in course.on(Side.TRAIN)],
        held_out=[clip.decision_uid for clip in course.on(Side.HELD_OUT)],
        seed=course.config.seed,
        config={
            "training": dict(card.training),
            "network": asdict(card.network),
            "device": str(model.device),
        },
        extractor=card.extractor,
        code_version=code_version(),
        storage_key=key,
        sha256=sha256_of(checkpoint),
        n_bytes=checkpoint.stat().st_size,
        rival_version=current.version if current else None,
        scores=_scores(lambda rows: propose_segments(model, rows).segments, held_out, course),
        rival_scores=_scores(_rival(current, course, parts), held_out, course),
    )


def _rival(current: ModelOut | None, course: Course, parts: Runtime) -> Draft:
    """Return what drafts now: where the current model cannot read these features, nothing warm."""
    if current is None or current.extractor != key_of(course.extractor):
        return lambda rows: propose_cold(rows, taxonomy=course.taxonomy).segments
    from models.temporal.infer import propose_segments

    model = load_stored(current, parts.store)
    return lambda rows: propose_segments(model, rows).segments


def _scores(draft: Draft, clips: Sequence[LabelledClip], course: Course) -> list[dict[str, object]]:
    """Measure drafts clip by clip."""
    from models.temporal.evaluate import evaluate_drafts

    found = []
    for clip in clips:
        pair = [(clip.truth, draft(clip.features))]
        measured = evaluate_drafts(pair, taxonomy=course.taxonomy)
        found.append(ClipScore.of(clip.name, measured.pooled).as_json())
    return found
