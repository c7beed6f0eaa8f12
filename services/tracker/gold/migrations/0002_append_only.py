"""Showings and scores are only added to; of gold, only the withdrawal is written, once."""

from __future__ import annotations

from django.db import migrations

from services.tracker.core.triggers import append_only

KEPT = ("uid", "project_id", "source_id", "decision_id", "promoted_by", "promoted_at", "note")
CHANGED = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in KEPT)
UPDATES = f"""
CREATE TRIGGER gold_is_only_withdrawn BEFORE UPDATE ON gold_gold
FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL OR {CHANGED})
EXECUTE FUNCTION segue_refuse_change()
"""
DELETES = """
CREATE TRIGGER gold_is_never_deleted BEFORE DELETE ON gold_gold
FOR EACH ROW EXECUTE FUNCTION segue_refuse_change()
"""


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("core", "0001_functions"), ("gold", "0001_initial")]
    operations = [
        append_only("gold_showing"),
        append_only("gold_score"),
        migrations.RunSQL(UPDATES, "DROP TRIGGER gold_is_only_withdrawn ON gold_gold"),
        migrations.RunSQL(DELETES, "DROP TRIGGER gold_is_never_deleted ON gold_gold"),
    ]
