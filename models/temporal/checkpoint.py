"""A trained model as one safetensors file: weights, and in its header what they mean.

The header holds one field, ``segue``, with canonical JSON: format, network, training config
with its seed, taxonomy and its hash, extractor, data hash, metrics, and the sources on either
side of the split. Equal training gives equal bytes. Nothing in the file is ever run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from models.proof import sha256_of
from models.temporal.network import NetworkConfig, TemporalNet
from models.temporal.tracks import Track, tracks_of
from services.domain.canonical import canonical_json
from services.domain.errors import InputError, StorageError
from services.domain.taxonomy import Taxonomy

FORMAT = 1
HEADER = "segue"
ARCHITECTURE = "ms-tcn++"
MOST_DIM = 2**16
MOST_HEADER = 2**24
"""Characters of the header that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a checkpoint says of itself; all JSON values.

    Parameters
    ----------
    network : NetworkConfig
        Shape of the network.
    extractor : str
        ``id@version`` of the features it was trained on.
    dim : int
        Features a step.
    taxonomy : Taxonomy
        Labels it was trained for.
    training : mapping
        The training config, seed and threads included.
    data_hash : str
        SHA-256 over the training and held-out clips: their truth, sources and features.
    metrics : mapping
        On the held-out clips (``"on": "validation"``), which chose the epoch and so flatter it;
        see :mod:`models.temporal.evaluate`.
    trained_on, held_out : tuple of str
        Sources on either side of the split: of the weights, and of the epoch that was kept.
        Neither may judge the model.
    """

    network: NetworkConfig
    extractor: str
    dim: int
    taxonomy: Taxonomy
    training: Mapping[str, Any]
    data_hash: str
    metrics: Mapping[str, Any]
    trained_on: tuple[str, ...]
    held_out: tuple[str, ...]

    @property
    def tracks(self) -> tuple[Track, ...]:
        """What it predicts."""
        return tracks_of(self.taxonomy)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "format": FORMAT,
            "architecture": ARCHITECTURE,
            "network": asdict(self.network),
            "extractor": self.extractor,
            "dim": self.dim,
            "taxonomy": self.taxonomy.model_dump(mode="json"),
            "taxonomy_hash": self.taxonomy.hash,
            "training": dict(self.training),
            "data_hash": self.data_hash,
            "metrics": dict(self.metrics),
            "trained_on": list(self.trained_on),
            "held_out": list(self.held_out),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Card:
        """Read what :meth:`as_json` wrote; raises InputError where it is of another format."""
        if (data.get("format"), data.get("architecture")) != (FORMAT, ARCHITECTURE):
            raise InputError(
                f"It is format {data.get('format')} of {data.get('architecture')!r}; this version "
                f"reads format {FORMAT} of {ARCHITECTURE!r}. Train it again.",
                code="checkpoint_format",
            )
        extractor, dim = data["extractor"], data["dim"]
        if not isinstance(extractor, str) or type(dim) is not int or not 0 < dim <= MOST_DIM:
            raise InputError(
                f"Its features are {dim!r} numbers of {extractor!r}: that is no extractor.",
                code="checkpoint",
            )
        taxonomy = Taxonomy.parse(data["taxonomy"])
        if taxonomy.hash != data["taxonomy_hash"]:
            raise InputError("Its taxonomy is not the one its hash names.", code="checkpoint")
        return cls(
            network=NetworkConfig(**data["network"]),
            extractor=extractor,
            dim=dim,
            taxonomy=taxonomy,
            training=data["training"],
            data_hash=data["data_hash"],
            metrics=data["metrics"],
            trained_on=tuple(data["trained_on"]),
            held_out=tuple(data["held_out"]),
        )

    def build(self) -> TemporalNet:
        """Return a network of this shape, with fresh weights."""
        sizes = tuple(track.n_classes for track in self.tracks)
        return TemporalNet(self.network, dim=self.dim, track_sizes=sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model read from a file, ready to predict.

    ``sha256`` is the file's own.
    """

    net: TemporalNet
    card: Card
    sha256: str

    @property
    def model_id(self) -> str:
        """Name of the model in proposals: equal files have equal names."""
        return f"{ARCHITECTURE}@{self.sha256[:12]}"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write a safetensors file that is whole or not there; equal content gives equal bytes."""
    # One field only: the library does not keep an order of several.
    held = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    data = save(held, metadata={HEADER: canonical_json(header).decode()})
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return a safetensors file's tensors and our header.

    Raises
    ------
    InputError
        If it is missing, cut off, damaged or not ours (code ``checkpoint``).
    """
    if not path.is_file():
        raise InputError(f"There is no model file {path}.", code="checkpoint")
    try:
        with safe_open(path, framework="pt") as file:
            text = (file.metadata() or {}).get(HEADER)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        if text is not None and len(text) > MOST_HEADER:
            raise ValueError(f"its header has {len(text)} characters")
        header = None if text is None else json.loads(text)
    except (SafetensorError, ValueError, OSError, RecursionError) as error:
        raise InputError(
            f"{path.name} is no whole safetensors file ({error}). It is cut off, damaged or "
            "something else; fetch it again.",
            code="checkpoint",
        ) from error
    if not isinstance(header, dict):
        raise InputError(
            f"{path.name} is a safetensors file, but none of Segue's: it lacks the field "
            f"{HEADER!r} in its header.",
            code="checkpoint",
        )
    return tensors, header


def save_checkpoint(path: Path, net: TemporalNet, card: Card) -> None:
    """Write a model and its card."""
    write_tensors(path, net.state_dict(), card.as_json())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a model, ready to predict.

    Raises
    ------
    InputError
        With a sentence that says what is wrong with the file (codes ``checkpoint``,
        ``checkpoint_format``).
    """
    tensors, header = read_tensors(path)
    try:
        card = Card.from_json(header)
        _check_shapes(card, tensors)
        net = card.build()
        net.load_state_dict(tensors)
    except InputError as error:
        raise InputError(f"{path.name}: {error.detail}", code=error.code) from error
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path.name}: its weights and its header do not fit together ({reason}).",
            code="checkpoint",
        ) from error
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise InputError(f"{path.name} holds weights that are not finite.", code="checkpoint")
    return Checkpoint(net=net.eval(), card=card, sha256=sha256_of(path))


def _check_shapes(card: Card, tensors: Mapping[str, Tensor]) -> None:
    """Hold the weights against the header before any memory is taken for the header's word."""
    with torch.device("meta"):
        expected = {name: tensor.shape for name, tensor in card.build().state_dict().items()}
    found = {name: tensor.shape for name, tensor in tensors.items()}
    if found != expected:
        odd = sorted(
            name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)
        )
        raise ValueError(f"{len(odd)} weights differ, the first is {odd[0]}")
