"""Clips have a purpose: work, or a likeness of a clip whose answer is known."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Add the columns; all clips that are there are work."""

    dependencies = [("clips", "0002_append_only"), ("gold", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="clip",
            name="purpose",
            field=models.CharField(db_default="work", max_length=32),
        ),
        migrations.AddField(
            model_name="clip",
            name="gold",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shadows",
                to="gold.gold",
            ),
        ),
        migrations.AddConstraint(
            model_name="clip",
            constraint=models.CheckConstraint(
                condition=Q(purpose__in=["work", "honeypot", "calibration"]), name="clip_purpose"
            ),
        ),
        migrations.AddConstraint(
            model_name="clip",
            constraint=models.CheckConstraint(
                condition=Q(purpose="work") ^ Q(gold__isnull=False), name="shadow_has_gold"
            ),
        ),
    ]
