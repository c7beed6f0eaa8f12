"""Gold, to whom it was shown, and how they answered."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

PROTECT = django.db.models.deletion.PROTECT
NOW = django.db.models.functions.datetime.Now


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("annotations", "0003_arbiter_is_no_annotator"),
        ("clips", "0002_append_only"),
        ("people", "0001_initial"),
        ("projects", "0002_append_only"),
        ("quality", "0002_append_only"),
        ("standing", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Gold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("promoted_by", models.CharField(max_length=200)),
                ("promoted_at", models.DateTimeField(db_default=NOW())),
                ("note", models.TextField(blank=True)),
                ("withdrawn_by", models.CharField(max_length=200, null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_note", models.TextField(blank=True)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="gold", to="quality.decision"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="projects.project"),
                ),
                (
                    "source",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="clips.clip"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Showing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("purpose", models.CharField(max_length=32)),
                ("planned_at", models.DateTimeField(db_default=NOW())),
                (
                    "clip",
                    models.OneToOneField(
                        on_delete=PROTECT, related_name="showing", to="clips.clip"
                    ),
                ),
                (
                    "gold",
                    models.ForeignKey(on_delete=PROTECT, related_name="showings", to="gold.gold"),
                ),
                (
                    "source",
                    models.ForeignKey(on_delete=PROTECT, related_name="showings", to="clips.clip"),
                ),
                (
                    "trial",
                    models.ForeignKey(
                        null=True,
                        on_delete=PROTECT,
                        related_name="showings",
                        to="standing.standingevent",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to="people.user"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("comparison", models.JSONField()),
                ("scored_at", models.DateTimeField(db_default=NOW())),
                (
                    "annotation",
                    models.OneToOneField(
                        on_delete=PROTECT, related_name="+", to="annotations.annotation"
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="+", to="projects.policyversion"
                    ),
                ),
                (
                    "showing",
                    models.OneToOneField(
                        on_delete=PROTECT, related_name="score", to="gold.showing"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="gold",
            constraint=models.UniqueConstraint(
                condition=models.Q(withdrawn_at__isnull=True),
                fields=("decision",),
                name="gold_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="gold",
            constraint=models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | models.Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="gold_withdrawn_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="showing",
            constraint=models.UniqueConstraint(fields=("source", "user"), name="gold_shown_once"),
        ),
        migrations.AddConstraint(
            model_name="showing",
            constraint=models.CheckConstraint(
                condition=models.Q(purpose="honeypot", trial__isnull=True)
                | models.Q(purpose="calibration", trial__isnull=False),
                name="showing_purpose",
            ),
        ),
    ]
