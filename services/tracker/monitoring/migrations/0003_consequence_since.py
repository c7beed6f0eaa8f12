"""A reopening says itself which answers it puts in doubt."""

from __future__ import annotations

from django.db import migrations, models

# Reopenings from before had the last sound gold clip for their only bound.
FROM_BEFORE = (
    "ALTER TABLE monitoring_consequence DISABLE TRIGGER monitoring_consequence_append_only",
    """
    UPDATE monitoring_consequence SET since = annotation.received_at
    FROM monitoring_measurement AS measurement
    JOIN annotations_annotation AS annotation ON annotation.id = measurement.annotation_id
    WHERE measurement.id = monitoring_consequence.after_id
    """,
    "ALTER TABLE monitoring_consequence ENABLE TRIGGER monitoring_consequence_append_only",
)


class Migration(migrations.Migration):
    """Add the bound, and give it to what is on record."""

    dependencies = [("monitoring", "0002_append_only")]
    operations = [
        migrations.AddField(
            model_name="consequence",
            name="since",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(FROM_BEFORE, migrations.RunSQL.noop),
    ]
