"""The closed vocabularies of monitoring."""

from __future__ import annotations

from enum import StrEnum


class ReferenceKind(StrEnum):
    """What an answer is measured against."""

    GOLD = "gold"
    """An answer known before; the only one that people are judged by."""
    ARBITRATION = "arbitration"
    """What a senior made of two opinions, of which this was one."""


class ConsequenceKind(StrEnum):
    """What may follow an alarm; the policy says which do."""

    NOTIFY = "notify"
    RECALIBRATE = "recalibrate"
    PAUSE = "pause"
    REOPEN = "reopen"


class ReopenOutcome(StrEnum):
    """What became of a clip that an alarm puts in doubt."""

    REOPENED = "reopened"
    ROUNDS_USED_UP = "rounds_used_up"
