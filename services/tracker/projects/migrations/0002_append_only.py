"""Published rules never change."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("core", "0001_functions"), ("projects", "0001_initial")]
    operations = [
        append_only("projects_policyversion"),
        append_only("projects_taxonomyversion"),
    ]
