"""Verdicts, comparisons and decisions never change."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only, segments_sound


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("core", "0001_functions"), ("quality", "0001_initial")]
    operations = [
        append_only("quality_sanitycheck"),
        append_only("quality_comparison"),
        append_only("quality_decision"),
        segments_sound("quality_decision"),
    ]
