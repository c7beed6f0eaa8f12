"""A clip's history is only ever added to."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("core", "0001_functions"), ("clips", "0001_initial")]
    operations = [
        append_only("clips_clipevent"),
    ]
