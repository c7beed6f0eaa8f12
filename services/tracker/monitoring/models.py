"""How people's answers compare with references and with each other, and what followed.

Rows of what was measured and done never change (triggers). Sums over them make a page cost the
same after a million comparisons as after ten; they can be counted anew from the rows at any
time (``recount_quality``).
"""

from __future__ import annotations

from services.tracker.monitoring.acts import (
    Alarm,
    Confirmation,
    Consequence,
    Inspection,
    ReopenedClip,
    Reversal,
)
from services.tracker.monitoring.layer_sums import LayerMeasures
from services.tracker.monitoring.measurements import Measurement
from services.tracker.monitoring.peer_sums import (
    DayAgreement,
    LabelAgreement,
    PairAgreement,
    VoteSums,
)
from services.tracker.monitoring.person_sums import ConfusionSums, PersonSums, SeatSums

__all__ = [
    "Alarm",
    "Confirmation",
    "ConfusionSums",
    "Consequence",
    "DayAgreement",
    "Inspection",
    "LabelAgreement",
    "LayerMeasures",
    "Measurement",
    "PairAgreement",
    "PersonSums",
    "ReopenedClip",
    "Reversal",
    "SeatSums",
    "VoteSums",
]
