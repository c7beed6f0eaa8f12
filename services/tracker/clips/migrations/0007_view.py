"""A clip may be a group of synchronised views."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the views' table."""

    dependencies = [("clips", "0006_closes_at")]
    operations = [
        migrations.CreateModel(
            name="View",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("name", models.CharField(max_length=100)),
                ("source_uri", models.CharField(max_length=2000)),
                ("sync", models.CharField(max_length=16)),
                ("offset_s", models.CharField(max_length=64, null=True)),
                ("drift_ppm", models.CharField(max_length=64)),
                ("sha256", models.CharField(max_length=64, null=True)),
                ("timebase", models.JSONField(null=True)),
                ("probe", models.JSONField(null=True)),
                ("alignment", models.JSONField(null=True)),
                ("frame_map", models.JSONField(null=True)),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="views",
                        to="clips.clip",
                    ),
                ),
            ],
            options={"ordering": ["position"]},
        ),
        migrations.AddConstraint(
            model_name="view",
            constraint=models.UniqueConstraint(
                fields=("clip", "position"), name="view_position_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="view",
            constraint=models.UniqueConstraint(fields=("clip", "name"), name="view_name_once"),
        ),
    ]
