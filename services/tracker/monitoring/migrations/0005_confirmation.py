"""An alarm has its consequences once later answers bear it out, which is a row of its own."""

from __future__ import annotations

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from services.tracker.core.triggers import append_only


class Migration(migrations.Migration):
    """Add the row, which never changes."""

    dependencies = [("monitoring", "0004_layer_measures")]
    operations = [
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("signals", models.JSONField()),
                ("n_later", models.PositiveIntegerField()),
                (
                    "confirmed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "alarm",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmation",
                        to="monitoring.alarm",
                    ),
                ),
                (
                    "inspection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="monitoring.inspection",
                    ),
                ),
            ],
        ),
        append_only("monitoring_confirmation"),
    ]
