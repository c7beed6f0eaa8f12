"""What was moved in a seat's draft on purpose is noted on the seat, with that draft."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the columns."""

    dependencies = [("annotations", "0003_arbiter_is_no_annotator")]
    operations = [
        migrations.AddField(
            model_name="assignment", name="probe", field=models.JSONField(null=True)
        ),
        migrations.AddField(
            model_name="assignment", name="draft", field=models.JSONField(null=True)
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(probe__isnull=True, draft__isnull=True)
                | models.Q(probe__isnull=False, draft__isnull=False),
                name="seat_probe_has_its_draft",
            ),
        ),
    ]
