"""Features and models from elsewhere, as TorchScript files from a local path.

A file is made with ``torch.jit.save(module, path, _extra_files={"segue.json": ...})``; the JSON
says what it is. TorchScript holds weights and a program in a small language of its own, no
Python; still, take such files only from people whom you would let run a program. Whole pickles
are never loaded.

Features: ``{"kind": "features", "id", "version", "dim", "rate_hz", "width", "height"}``
    ``forward(frames)``: uint8 RGB (N, 3, height, width) to float32 (N, dim), one row a frame, each
    on its own or with its neighbours in the batch.
Model: ``{"kind": "model", "id", "version", "extractor", "dim", "rate_hz", "halo", "taxonomy"}``
    ``forward(features)``: float32 (D, T) to class logits (C, T) and boundary logits (2 S, T), as
    :class:`models.temporal.view.TemporalModel` says.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import torch
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from models.features import Floats, Group
from models.refusal import refusing
from models.temporal.infer import device_of_choice
from services.domain.errors import InputError
from services.domain.layers import Slug
from services.domain.taxonomy import Taxonomy

FACTS = "segue.json"
BATCH = 64

Rate = Annotated[float, Field(gt=0, le=1000)]
Size = Annotated[int, Field(ge=8, le=1024)]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    version: Slug
    dim: Annotated[int, Field(ge=1, le=8192)]
    rate_hz: Rate


class FeatureFacts(_Facts):
    """What an extractor's file says of itself."""

    kind: Literal["features"]
    width: Size
    height: Size


class ModelFacts(_Facts):
    """What a temporal model's file says of itself."""

    kind: Literal["model"]
    extractor: str
    halo: Annotated[int, Field(ge=0, le=1_000_000)]
    taxonomy: Taxonomy


_Kind = TypeVar("_Kind", FeatureFacts, ModelFacts)


def is_torchscript(path: Path) -> bool:
    """Say whether a file is an archive as TorchScript's are, by its content."""
    return path.is_file() and zipfile.is_zipfile(path)


class ScriptFeatures:
    """An extractor from a file; see the module for what it must hold."""

    def __init__(self, path: Path, *, device: torch.device | None = None) -> None:
        self.device = device or device_of_choice()
        self.module, facts = _load(path, FeatureFacts, self.device)
        self.id, self.version = facts.id, facts.version
        self.dim, self.rate_hz = facts.dim, facts.rate_hz
        self.groups = (Group(name="external", width=facts.dim),)
        self.size = (facts.width, facts.height)

    def rows(self, frames: Iterator[VideoFrame]) -> Iterator[Floats]:
        """Yield one row a frame, up to 64 at a time."""
        held: list[NDArray[Any]] = []
        for frame in frames:
            with refusing("proxy_unsound", "A frame cannot be scaled"):
                small = frame.reformat(*self.size, format="rgb24", interpolation="AREA")
                held.append(small.to_ndarray())
            if len(held) == BATCH:
                yield self._batch(held)
                held = []
        if held:
            yield self._batch(held)

    def _batch(self, held: list[NDArray[Any]]) -> Floats:
        pictures = torch.from_numpy(np.stack(held)).permute(0, 3, 1, 2).to(self.device)
        with torch.inference_mode():
            rows = _run(self.module, pictures, self.id)
        if not isinstance(rows, Tensor) or tuple(rows.shape) != (len(held), self.dim):
            given = tuple(rows.shape) if isinstance(rows, Tensor) else type(rows).__name__
            raise InputError(
                f"The extractor {self.id} answers {given} for {len(held)} frames, not "
                f"({len(held)}, {self.dim}) as its {FACTS} says.",
                code="model_shape",
            )
        found: Floats = rows.float().cpu().numpy()
        return found


class ScriptModel:
    """A temporal model from a file; see the module for what it must hold."""

    def __init__(self, path: Path, *, device: torch.device | None = None) -> None:
        self.device = device or device_of_choice()
        self.module, facts = _load(path, ModelFacts, self.device)
        self.model_id = f"{facts.id}@{facts.version}"
        self.extractor, self.dim, self.taxonomy = facts.extractor, facts.dim, facts.taxonomy
        self.rate_hz, self.halo = facts.rate_hz, facts.halo

    def see(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict every step; what went in stands for the hidden features."""
        answer = _run(self.module, features.to(self.device), self.model_id)
        if (
            not isinstance(answer, tuple)
            or len(answer) != 2
            or not all(isinstance(part, Tensor) and part.ndim == 2 for part in answer)
        ):
            raise InputError(
                f"The model {self.model_id} must answer two tensors, (C, T) and (2 S, T).",
                code="model_shape",
            )
        return answer[0], answer[1], features.to(self.device)


def _load(
    path: Path, kind: type[_Kind], device: torch.device
) -> tuple[torch.jit.ScriptModule, _Kind]:
    """Load a module and its facts.

    Raises
    ------
    InputError
        If the file is no TorchScript archive, or its facts are missing or wrong (code
        ``external_file``).
    """
    if not is_torchscript(path):
        what = "no TorchScript file" if path.is_file() else "not there"
        raise InputError(f"{path} is {what}.", code="external_file")
    extra = {FACTS: ""}
    try:
        module = torch.jit.load(str(path), map_location=device, _extra_files=extra)  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"{path.name} is no whole TorchScript file ({reason}).", code="external_file"
        ) from error
    if not extra[FACTS]:
        raise InputError(
            f"{path.name} does not say what it is: save it with a {FACTS} among its extra files.",
            code="external_file",
        )
    try:
        facts = kind.model_validate(json.loads(extra[FACTS]))
    except (ValueError, RecursionError) as error:  # a ValidationError is a ValueError
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        fault = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        raise InputError(
            f"{path.name}: its {FACTS} is not valid ({fault}).", code="external_file"
        ) from error
    return module.eval(), facts


def _run(module: torch.jit.ScriptModule, given: Tensor, name: str) -> object:
    try:
        answer: object = module(given)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"{name} failed ({reason}).", code="external_failed") from error
    return answer
