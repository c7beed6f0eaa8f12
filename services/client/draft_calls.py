"""The calls about pre-label models; :class:`services.client.api.TrackerClient` has them."""

from __future__ import annotations

from collections.abc import Iterator

from services.client.draft_payloads import (
    ModelIn,
    ModelNote,
    ModelOut,
    PromotionOut,
    TrainingClip,
    TrainingState,
)
from services.client.transport import Transport, document


class DraftCalls:
    """One method an endpoint, over the client's own wire."""

    _wire: Transport

    def training_clips(self, slug: str) -> Iterator[TrainingClip]:
        """Go through the accepted clips that models learn from or are judged by."""
        return self._wire.pages(f"/projects/{slug}/training/clips", TrainingClip)

    def training_state(self, slug: str) -> TrainingState:
        """Count what there is to learn from and what is new; name the model in use."""
        return self._wire.get(f"/projects/{slug}/training", TrainingState)

    def models(self, slug: str) -> Iterator[ModelOut]:
        """Go through a project's models, the oldest first."""
        return self._wire.pages(f"/projects/{slug}/models", ModelOut)

    def model(self, slug: str, version: int) -> ModelOut:
        """Return one model."""
        return self._wire.get(f"/projects/{slug}/models/{version}", ModelOut)

    def model_register(self, slug: str, model: ModelIn) -> ModelOut:
        """Keep a trained model; it takes over if it drafts better. Again returns the same."""
        return self._wire.send("POST", f"/projects/{slug}/models", ModelOut, document(model))

    def model_promote(self, slug: str, version: int, *, note: str = "") -> ModelOut:
        """Let a model draft from now on; again is harmless."""
        return self._word(slug, version, "promote", note)

    def model_withdraw(self, slug: str, version: int, *, note: str = "") -> ModelOut:
        """Put the model in use back to the one before, or to the cold start."""
        return self._word(slug, version, "withdraw", note)

    def promotions(self, slug: str) -> Iterator[PromotionOut]:
        """Go through how the model in use changed."""
        return self._wire.pages(f"/projects/{slug}/promotions", PromotionOut)

    def _word(self, slug: str, version: int, word: str, note: str) -> ModelOut:
        path = f"/projects/{slug}/models/{version}/{word}"
        return self._wire.send("POST", path, ModelOut, document(ModelNote(note=note)))
