"""Features of accepted clips: made once, kept in the store under the proxy's sum.

A decode is what training would mostly wait for. Features of one proxy and one extractor are
always the same, so they are kept as ``features/<xx>/<proxy's SHA-256>-<extractor>.npy`` with a
``.json`` beside it, which is written last: where it is, all is.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from models.features import Extractor, Features, key_of, write_features
from orchestration.storage import ObjectStore
from services.client.draft_payloads import TrainingClip
from services.domain.errors import StorageError

SUFFIXES = (".npy", ".json")


def features_key(clip: TrainingClip, extractor: Extractor) -> str:
    """Return where a clip's features lie in the store, but for the suffix."""
    digest = clip.proxy_sha256
    return f"features/{digest[:2]}/{digest}-{key_of(extractor)}"


def features_ensure(clip: TrainingClip, extractor: Extractor, store: ObjectStore) -> None:
    """Make a clip's features unless the store has them."""
    key = features_key(clip, extractor)
    try:
        with store.as_file(f"{key}.json"):
            return
    except StorageError as error:
        if error.code != "object_missing":
            raise
    with (
        tempfile.TemporaryDirectory(prefix="segue-features-") as folder,
        store.as_file(clip.proxy_key) as proxy,
    ):
        path = write_features(proxy, extractor, Path(folder) / "features.npy").path
        for suffix in SUFFIXES:
            store.put(path.with_suffix(suffix), key + suffix)


def features_fetch(
    clip: TrainingClip, extractor: Extractor, store: ObjectStore, folder: Path
) -> Features:
    """Return a clip's features from the store as local files, which a training reads often."""
    key = features_key(clip, extractor)
    path = folder / f"{clip.proxy_sha256}.npy"
    for suffix in SUFFIXES:
        with store.as_file(key + suffix) as stored:
            shutil.copyfile(stored, path.with_suffix(suffix))
    return Features.open(path)
