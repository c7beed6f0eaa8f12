"""What travels about pre-label models; see :mod:`services.client.payloads`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.client.payloads import Json, Payload
from services.domain.training_set import Side

Figures = dict[str, float | None]


class TrainingClip(Payload):
    """An accepted clip to learn from, or to be judged by."""

    decision_uid: UUID
    clip_uid: UUID
    recording: str
    """Clips of one recording are never on both sides."""
    side: Side
    segments: list[Json]
    timebase: Json
    proxy_key: str
    proxy_sha256: str


class ModelIn(Payload):
    """A trained model, what it learnt from, and how it drafts the held-out clips."""

    taxonomy_version: int
    data_hash: str
    train: list[UUID]
    """Decisions, as are ``held_out``."""
    held_out: list[UUID]
    seed: int
    config: Json
    extractor: str
    code_version: str
    storage_key: str
    sha256: str
    n_bytes: int
    rival_version: int | None
    """What it was measured against; None is the cold start."""
    scores: list[Json]
    """``ClipScore`` forms of the held-out clips, as are ``rival_scores``."""
    rival_scores: list[Json]


class ModelNote(Payload):
    """Why."""

    note: str = ""


class ModelOut(Payload):
    """A model with its figures, and those of what it was measured against."""

    uid: UUID
    project: str
    version: int
    taxonomy_version: int
    taxonomy_hash: str
    data_hash: str
    seed: int
    config: Json
    extractor: str
    code_version: str
    storage_key: str
    sha256: str
    n_bytes: int
    n_train: int
    n_held_out: int
    rival_version: int | None
    metrics: Figures
    rival_metrics: Figures
    verdict: Json
    """``{"promote", "reason", "n_clips", "ahead", "rule"}``"""
    is_current: bool
    trained_at: datetime


class TrainingState(Payload):
    """What there is to learn from, and what drafts now (None: the cold start)."""

    taxonomy_version: int
    n_train: int
    n_held_out: int
    n_gold_left_out: int
    n_new: int
    """Of ``n_train``, accepted since the newest model was trained."""
    current: ModelOut | None
    newest: ModelOut | None


class PromotionOut(Payload):
    """That another model came into use; None is the cold start."""

    uid: UUID
    project: str
    taxonomy_version: int
    act: Literal["promoted", "withdrawn"]
    before_version: int | None
    after_version: int | None
    actor: str
    reason: str
    at: datetime
