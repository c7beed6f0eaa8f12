"""Models that draft clips, what they learnt from, and which were in use."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0001_initial"),
        ("projects", "0002_append_only"),
        ("quality", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("version", models.PositiveIntegerField()),
                ("data_hash", models.CharField(max_length=64)),
                ("seed", models.BigIntegerField()),
                ("config", models.JSONField()),
                ("extractor", models.CharField(max_length=200)),
                ("code_version", models.CharField(max_length=200)),
                ("storage_key", models.CharField(max_length=500)),
                ("sha256", models.CharField(max_length=64)),
                ("n_bytes", models.PositiveBigIntegerField()),
                ("n_train", models.PositiveIntegerField()),
                ("n_held_out", models.PositiveIntegerField()),
                ("scores", models.JSONField()),
                ("metrics", models.JSONField()),
                ("rival_metrics", models.JSONField()),
                ("verdict", models.JSONField()),
                (
                    "trained_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
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
                    "rival",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="drafts.modelversion",
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
                (
                    "trained_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.user",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lesson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("side", models.CharField(max_length=32)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="quality.decision",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lessons",
                        to="drafts.modelversion",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("act", models.CharField(max_length=32)),
                ("actor", models.CharField(max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "after",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="drafts.modelversion",
                    ),
                ),
                (
                    "before",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="drafts.modelversion",
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
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(
                fields=("project", "version"), name="model_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.UniqueConstraint(
                fields=("project", "sha256"), name="model_content_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="lesson",
            constraint=models.UniqueConstraint(fields=("model", "decision"), name="lesson_once"),
        ),
        migrations.AddConstraint(
            model_name="lesson",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["train", "held_out"])), name="lesson_side"
            ),
        ),
        migrations.AddIndex(
            model_name="promotion",
            index=models.Index(fields=["project", "taxonomy", "-id"], name="promotion_newest"),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(("act__in", ["promoted", "withdrawn"])), name="promotion_act"
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("before__isnull", True),
                    ("after__isnull", True),
                    models.Q(("before", models.F("after")), _negated=True),
                    _connector="OR",
                ),
                name="promotion_changes_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("act", "promoted"), ("after__isnull", False)),
                    models.Q(("act", "withdrawn"), ("before__isnull", False)),
                    _connector="OR",
                ),
                name="promotion_has_its_model",
            ),
        ),
    ]
