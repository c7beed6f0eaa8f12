"""A shadow clip stays open to edits for a time after its answer has passed, as work does."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Add the time, for shadow clips only."""

    dependencies = [("clips", "0005_shadows_share_their_source")]
    operations = [
        migrations.AddField(
            model_name="clip",
            name="closes_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="clip",
            constraint=models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | ~Q(purpose="work"),
                name="only_shadows_close_by_time",
            ),
        ),
    ]
