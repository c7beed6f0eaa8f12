"""Count the sums of quality anew from the rows; say whether they are right, or make them so."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from services.tracker.monitoring.recounting import sums_recount


class Command(BaseCommand):
    """Reports go on while it runs; ``--repair`` adds what lacks."""

    help = "Count the sums of quality anew from what is stored, and compare."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the switch that allows writing."""
        parser.add_argument("--repair", action="store_true", help="make the sums right")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count and compare; fail when the sums are wrong and stay so."""
        found = sums_recount(repair=options["repair"])
        counted = f"{found.n_comparisons} comparisons and {found.n_measurements} measurements"
        if found.n_wrong and not options["repair"]:
            tables = ", ".join(
                f"{len(rows)} of {model._meta.verbose_name}"
                for model, rows in found.lacking.items()
            )
            raise CommandError(
                f"The sums over {counted} are wrong in {tables}; run it with --repair."
            )
        done = f"{found.n_wrong} rows were made right" if found.n_wrong else "they are right"
        self.stdout.write(f"The sums over {counted} were counted anew: {done}.")
