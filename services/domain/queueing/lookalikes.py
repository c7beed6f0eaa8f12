"""Hard negatives: clips like those in which people threw out what the model had drafted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.domain.errors import InputError
from services.domain.queueing.coverage import CHUNK, Floats, distances

NEIGHBOURS = 5


def false_alarms(
    embeddings: Floats, *, judged: Floats, thrown_out: Sequence[float]
) -> tuple[float, ...]:
    """Return for each clip the share of drafted segments thrown out in those nearest to it.

    Parameters
    ----------
    embeddings : ndarray, shape (n, d)
        Of the clips that wait.
    judged : ndarray, shape (m, d)
        Of accepted clips, by the same model; the newest few thousand are enough.
    thrown_out : sequence of float, shape (m,)
        Of each, the share of the model's segments that the accepted answer does not have, 0..1.

    Returns
    -------
    tuple of float, shape (n,)
        The mean over the five nearest, or all where there are fewer; 0 where there is none.
    """
    if len(judged) != len(thrown_out):
        raise InputError(f"{len(judged)} clips were judged, and {len(thrown_out)} shares given.")
    if not len(judged):
        return (0.0,) * len(embeddings)
    shares = np.asarray(thrown_out, dtype=np.float64)
    count = min(NEIGHBOURS, len(judged))
    found: list[float] = []
    for low in range(0, len(embeddings), CHUNK):
        away = distances(embeddings[low : low + CHUNK], judged)
        near = np.argsort(away, axis=1, kind="stable")[:, :count]
        found += shares[near].mean(axis=1).tolist()
    return tuple(found)
