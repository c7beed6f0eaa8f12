"""How annotators came to stand where they do is only ever added to."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only


class Migration(migrations.Migration):
    """Make the trigger."""

    dependencies = [("core", "0001_functions"), ("standing", "0001_initial")]
    operations = [append_only("standing_standingevent")]
