"""Whether an annotator is given work: on trial, at work, or set aside."""

from __future__ import annotations

from enum import StrEnum

from services.domain.policy import Policy


class AnnotatorStanding(StrEnum):
    """Where an annotator stands in a project; only the active ones get seats."""

    CALIBRATING = "calibrating"
    """On trial: gets clips whose answers are known, and no others."""
    ACTIVE = "active"
    PAUSED = "paused"


def first_standing(policy: Policy) -> AnnotatorStanding:
    """Return where somebody starts who joins under these rules."""
    if policy.calibration_clips:
        return AnnotatorStanding.CALIBRATING
    return AnnotatorStanding.ACTIVE
