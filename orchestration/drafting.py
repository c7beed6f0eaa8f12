"""The models that draft: fetched from the store, held against their sum, loaded once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from orchestration.storage import ObjectStore
from services.client.downloads import sha256_of
from services.domain.errors import StorageError

if TYPE_CHECKING:
    from models.temporal.view import TemporalModel

MOST_LOADED = 4


class StoredModel(Protocol):
    """What the tracker says of a checkpoint."""

    @property
    def version(self) -> int: ...
    @property
    def storage_key(self) -> str: ...
    @property
    def sha256(self) -> str: ...


_loaded: dict[str, TemporalModel] = {}
_lock = threading.Lock()


def load_stored(model: StoredModel, store: ObjectStore) -> TemporalModel:
    """Return a model ready to draft; the clips of a run share it.

    Raises
    ------
    StorageError
        If the store holds something else than what was registered.
    """
    from models.prelabel import load_model

    with _lock:
        if model.sha256 not in _loaded:
            with store.as_file(model.storage_key) as path:
                if sha256_of(path) != model.sha256:
                    raise StorageError(
                        f"The checkpoint of model {model.version}, {model.storage_key}, is not "
                        "the one that was registered. Restore it, or withdraw the model.",
                        code="checkpoint_differs",
                    )
                found = load_model(path)
            while len(_loaded) >= MOST_LOADED:
                del _loaded[next(iter(_loaded))]
            _loaded[model.sha256] = found
        return _loaded[model.sha256]
