"""What people answered and machines proposed never changes."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only, segments_sound


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("core", "0001_functions"), ("annotations", "0001_initial")]
    operations = [
        append_only("annotations_annotation"),
        append_only("annotations_prelabel"),
        segments_sound("annotations_prelabel"),
    ]
