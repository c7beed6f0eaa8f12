"""The field's measures of rounds, as sums; ``recount_quality --repair`` adds the rounds before."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the sums of a pair's measures, by layer and group of clips."""

    dependencies = [
        ("monitoring", "0003_consequence_since"),
        ("projects", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="LayerMeasures",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("layer", models.TextField()),
                ("with_draft", models.BooleanField()),
                ("clip_group", models.PositiveSmallIntegerField()),
                ("n_pairs", models.BigIntegerField()),
                (
                    "above",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=46
                    ),
                ),
                (
                    "below",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=46
                    ),
                ),
                (
                    "n_defined",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=46
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
                (
                    "taxonomy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.taxonomyversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "taxonomy", "layer", "with_draft", "clip_group"),
                        name="layer_measures_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("clip_group__lt", 128)), name="layer_measures_group"
                    ),
                ],
            },
        ),
    ]
