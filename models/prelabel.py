"""The machine's first draft of a clip: from a trained model, or where something changes.

Warm: a temporal model that was trained for this taxonomy drafts every layer. Cold: without one,
change points are drafted on the first exclusive layer (:mod:`models.coldstart`). Either way the
proxy is decoded once. torch is imported only where a model or an extractor from elsewhere is
given.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.coldstart import PENALTY, Example, describe, draft_layer
from models.features import Extractor, Features, key_of, write_features
from models.lowres import LowRes
from services.domain.errors import InputError
from services.domain.segments import Segment
from services.domain.taxonomy import Taxonomy

if TYPE_CHECKING:
    from models.temporal.view import TemporalModel

COLD = "change-points@2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prelabel:
    """A draft: proposals, which model made them, and what it wants known (JSON values).

    ``details`` always has ``embedding`` (numbers; near for clips that look alike), ``space`` (of
    which only embeddings of one name are comparable), ``uncertainty`` (0..1, None from a cold
    start: it has no opinion on labels), ``extractor`` and ``labels`` ("model", "placeholders",
    "nearest accepted example" or "none").
    """

    segments: tuple[Segment, ...]
    model: str = COLD
    details: dict[str, Any] = field(default_factory=dict)


def propose(
    proxy: Path | str,
    *,
    n_frames: int,
    taxonomy: Taxonomy,
    model: TemporalModel | None = None,
    extractor: Extractor | None = None,
    max_segments: int = 200,
    examples: Sequence[Example] = (),
    penalty: float = PENALTY,
) -> Prelabel:
    """Draft a clip.

    Parameters
    ----------
    proxy : Path
        The clip's proxy; its frames are the source's.
    n_frames : int
        Frames of the clip.
    taxonomy : Taxonomy
        Its label limits are kept: a segment is as long as its label demands.
    model : TemporalModel, optional
        Trained for this taxonomy (:func:`load_model`).
    extractor : Extractor, optional
        What sees the frames; the house's own by default.
    max_segments : int
        Most segments of a cold start in ten minutes.
    examples : sequence of Example
        Accepted segments of the project, if there are any; for a cold start.
    penalty : float
        Price of a boundary in a cold start; more gives fewer.

    Returns
    -------
    Prelabel
        Segments in order. None from a cold start where no layer is exclusive, or where the clip is
        shorter than every label.

    Raises
    ------
    InputError
        If the proxy does not hold ``n_frames`` frames, or the model does not fit the taxonomy or
        the features (codes ``taxonomy_mismatch``, ``feature_mismatch``).
    """
    with tempfile.TemporaryDirectory(prefix="segue-features-") as folder:
        path = Path(folder) / "features.npy"
        features = write_features(proxy, extractor or LowRes(), path)
        if features.n_frames != n_frames:
            raise InputError(f"The proxy holds {features.n_frames} frames, the clip {n_frames}.")
        if model is not None:
            return propose_warm(features, model, taxonomy=taxonomy)
        return propose_cold(
            features,
            taxonomy=taxonomy,
            examples=examples,
            max_segments=max_segments,
            penalty=penalty,
        )


def propose_warm(features: Features, model: TemporalModel, *, taxonomy: Taxonomy) -> Prelabel:
    """Draft every layer from features by a model."""
    from models.temporal.infer import check_fit, propose_segments

    check_fit(model, features=features, taxonomy=taxonomy)
    found = propose_segments(model, features)
    return Prelabel(
        segments=found.segments,
        model=model.model_id,
        details={
            "extractor": features.extractor,
            "labels": "model",
            "uncertainty": found.uncertainty,
            "embedding": list(found.embedding),
            "space": model.model_id,
            "ignored_rules": list(found.ignored),
        },
    )


def propose_cold(
    features: Features,
    *,
    taxonomy: Taxonomy,
    examples: Sequence[Example] = (),
    max_segments: int = 200,
    penalty: float = PENALTY,
) -> Prelabel:
    """Draft the first exclusive layer from features by change points."""
    facts = {
        "extractor": features.extractor,
        "uncertainty": None,
        "embedding": np.round(describe(features, 0, features.n_frames), 5).tolist(),
        "space": features.extractor,
    }
    layer = next((layer for layer in taxonomy.layers if layer.exclusive), None)
    if layer is None:
        return Prelabel(
            segments=(), details=facts | {"labels": "none", "reason": "no layer is exclusive"}
        )
    names = {label.name for label in layer.labels}
    n_examples = sum(example.label in names for example in examples)
    segments = draft_layer(
        features, layer, examples=examples, max_segments=max_segments, penalty=penalty
    )
    return Prelabel(
        segments=tuple(segments),
        details=facts
        | {
            "layer": layer.name,
            "labels": "nearest accepted example" if n_examples else "placeholders",
            "n_examples": n_examples,
            "penalty": penalty,
        },
    )


def load_model(path: Path) -> TemporalModel:
    """Load a checkpoint of ours, or a temporal model from elsewhere (TorchScript).

    Raises
    ------
    InputError
        If the file is neither, or is damaged.
    """
    from models.external import ScriptModel, is_torchscript
    from models.temporal.checkpoint import load_checkpoint
    from models.temporal.infer import NetModel

    return ScriptModel(path) if is_torchscript(path) else NetModel(load_checkpoint(path))


def extractor_for(model: TemporalModel | None, given: Extractor | None) -> Extractor:
    """Return the extractor to use.

    Raises
    ------
    InputError
        If the model reads other features (code ``feature_mismatch``).
    """
    extractor = given or LowRes()
    if model is not None and key_of(extractor) != model.extractor:
        have = "given" if given else "the house's own"
        raise InputError(
            f"The model {model.model_id} reads {model.extractor} features, not {have} "
            f"{key_of(extractor)}.",
            code="feature_mismatch",
        )
    return extractor
