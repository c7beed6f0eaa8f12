"""The sums counted anew from the rows, beside the reports that go on meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from services.tracker.monitoring.counting import (
    ALL_SUMS,
    comparisons_count,
    decisions_count,
    measurements_count,
)
from services.tracker.monitoring.models import Measurement
from services.tracker.monitoring.sums import Additions, differences, sums_add
from services.tracker.quality.models import Comparison, Decision

ONE_AT_A_TIME = 7_301_946
"""Key of the advisory lock: two repairs at once would both add what lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """What was counted, and what has to be added to the sums to make them right."""

    n_comparisons: int
    n_measurements: int
    lacking: Additions

    @property
    def n_wrong(self) -> int:
        """Rows of sums that differ from the count."""
        return sum(len(rows) for rows in self.lacking.values())


def sums_recount(*, repair: bool) -> Recount:
    """Count all sums anew; with ``repair`` add what they lack.

    Nobody waits meanwhile: rows and sums are read as they stood at one moment, and what is
    lacking is added to whatever the sums have become since.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        try:
            found = _compared()
            if repair:
                # A table a transaction: one over all would hold rows that others wait for.
                for model, rows in found.lacking.items():
                    with transaction.atomic():
                        sums_add({model: rows})
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
    return found


def _compared() -> Recount:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        counted: Additions = {}
        n_comparisons = comparisons_count(Comparison.objects.all(), counted)
        decisions_count(Decision.objects.all(), counted)
        n_measurements = measurements_count(Measurement.objects.all(), counted)
        return Recount(
            n_comparisons=n_comparisons,
            n_measurements=n_measurements,
            lacking=differences(counted, ALL_SUMS),
        )
