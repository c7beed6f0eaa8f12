"""Models, what they learnt from and which were in use never change; only more is added."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("core", "0001_functions"), ("drafts", "0001_initial")]
    operations = [
        append_only("drafts_modelversion"),
        append_only("drafts_lesson"),
        append_only("drafts_promotion"),
    ]
