"""What a pre-label model may learn from, and what it is judged by.

Conventions
-----------
A *source* is a recording; nothing of one source is ever on both sides. Its side falls by a lot
that depends on the project and the source alone, so a source stays on its side when clips are
added, answered anew or renamed, and no model of the project ever learns from a held-out one.

Gold is left out of training: a model that has learnt a clip's answer would draft that answer, and
whoever is tried on the clip would only have to agree. It may stand among the held-out clips,
which no model learns from.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from services.domain.canonical import content_hash, unit_interval

HELD_OUT_SHARE = 0.2
"""Share of a project's sources that models are judged by."""


class Side(StrEnum):
    """What an accepted clip is for."""

    TRAIN = "train"
    HELD_OUT = "held_out"


def side_of(*, project: str, source: str) -> Side:
    """Return on which side all clips of a source are.

    Parameters
    ----------
    project : str
        The project's slug.
    source : str
        What names the recording, whatever its file is called.
    """
    lot = unit_interval("held-out", project, source)
    return Side.HELD_OUT if lot < HELD_OUT_SHARE else Side.TRAIN


def data_hash(rows: Iterable[tuple[str, Side, str]]) -> str:
    """Return the hash of a training set: (decision's uid, side, hash of its segments) each.

    The order of the rows does not matter.
    """
    return content_hash(sorted([uid, str(side), content] for uid, side, content in rows))
