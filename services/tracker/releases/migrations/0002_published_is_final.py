"""A published or failed release never changes; its clips and files are only ever added."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only

TRIGGER = """
CREATE TRIGGER release_is_final BEFORE UPDATE OR DELETE ON releases_release
FOR EACH ROW WHEN (OLD.state <> 'building') EXECUTE FUNCTION segue_refuse_change()
"""


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("core", "0001_functions"), ("releases", "0001_initial")]
    operations = [
        append_only("releases_releaseclip"),
        append_only("releases_releasefile"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER release_is_final ON releases_release"),
    ]
