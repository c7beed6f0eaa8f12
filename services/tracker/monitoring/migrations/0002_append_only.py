"""What was measured and done never changes."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("core", "0001_functions"), ("monitoring", "0001_initial")]
    operations = [
        append_only(f"monitoring_{table}")
        for table in (
            "measurement",
            "inspection",
            "alarm",
            "consequence",
            "reopenedclip",
            "reversal",
        )
    ]
