"""What the tests of pre-label models share: accepted clips on both sides, and trained models."""

from __future__ import annotations

import shutil
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from services.client.draft_payloads import ModelIn, TrainingClip
from services.domain.canonical import content_hash
from services.domain.metrics.ratio import Ratio
from services.domain.promotion import FIGURES, ClipScore
from services.domain.training_set import Side, data_hash, side_of
from services.domain.workflow import Stage
from tests import factories
from tests.service.play import Play


def content_on(side: Side) -> str:
    """Return content of a file that falls on a side of the split, never the same twice."""
    for number in count(factories.serial() * 1000):
        content = f"film {number}"
        source = sha256(content.encode()).hexdigest()
        if side_of(project="kitchen", source=source) is side:
            return content
    raise AssertionError


def accepted_on(
    play: Play, side: Side, n: int = 1, *, proxy: Path | None = None, store: Path | None = None
) -> list[UUID]:
    """Bring new clips of one side to agreement; with a proxy of 75 frames in the store, or none."""
    found = []
    for _ in range(n):
        (uid,) = play.register()
        ingested = factories.ingest_done(content_on(side), n_frames=75 if proxy else 300)
        if proxy is not None and store is not None:
            (store / ingested.proxy_key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(proxy, store / ingested.proxy_key)
        play.report(play.claim_one(Stage.INGEST), ingested)
        play.report(play.claim_one(Stage.PRELABEL), factories.prelabel_done())
        play.push(play.claim_one(Stage.DISPATCH))
        play.answer_all(uid)
        item = play.claim_one(Stage.CHECK)
        play.report(item, factories.agreed(*play.answers(item)))
        found.append(uid)
    return found


def clip_score(clip: UUID, f1: float) -> dict[str, Any]:
    figures = dict.fromkeys(FIGURES, Ratio(0, 0)) | {"f1_50": Ratio(f1 * 20, 20)}
    return ClipScore(clip=str(clip), figures=figures).as_json()


def model_in(
    play: Play, store: Path, *, f1: float = 0.9, rival_f1: float = 0.5, **changes: Any
) -> ModelIn:
    """Train a model, so to speak, on all there is; its checkpoint lies in the store."""
    rows = list(play["wren"].training_clips("kitchen"))
    weights = f"weights {factories.serial()}".encode()
    digest = sha256(weights).hexdigest()
    key = f"models/kitchen/{digest}.safetensors"
    (store / key).parent.mkdir(parents=True, exist_ok=True)
    (store / key).write_bytes(weights)
    held_out = of(rows, Side.HELD_OUT)
    return ModelIn(
        **{
            "taxonomy_version": 1,
            "data_hash": hash_of(rows),
            "train": [row.decision_uid for row in of(rows, Side.TRAIN)],
            "held_out": [row.decision_uid for row in held_out],
            "seed": 0,
            "config": {"n_epochs": 1},
            "extractor": "lowres@2",
            "code_version": "0.1.0",
            "storage_key": key,
            "sha256": digest,
            "n_bytes": len(weights),
            "rival_version": None,
            "scores": [clip_score(row.clip_uid, f1) for row in held_out],
            "rival_scores": [clip_score(row.clip_uid, rival_f1) for row in held_out],
            **changes,
        }
    )


def of(rows: list[TrainingClip], side: Side) -> list[TrainingClip]:
    return [row for row in rows if row.side is side]


def hash_of(rows: list[TrainingClip]) -> str:
    return data_hash((str(row.decision_uid), row.side, content_hash(row.segments)) for row in rows)
