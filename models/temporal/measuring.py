"""How good a model is on accepted clips. Who takes over is services.domain.promotion's word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.temporal.checkpoint import Card
from models.temporal.dataset import LabelledClip
from models.temporal.evaluate import Evaluation, evaluate_drafts
from models.temporal.infer import propose_segments
from models.temporal.view import TemporalModel


def evaluate_model(model: TemporalModel, clips: Iterable[LabelledClip]) -> Evaluation:
    """Measure a model's drafts of accepted clips."""
    return evaluate_drafts(
        ((clip.truth, propose_segments(model, clip.features).segments) for clip in clips),
        taxonomy=model.taxonomy,
    )


def unseen_by(clips: Iterable[LabelledClip], cards: Sequence[Card]) -> list[LabelledClip]:
    """Return the clips of whose source no model has learnt, nor was its epoch chosen by them."""
    seen = {source for card in cards for source in (*card.trained_on, *card.held_out)}
    return [clip for clip in clips if clip.source not in seen]
