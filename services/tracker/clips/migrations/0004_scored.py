"""A shadow clip ends as scored, and is never decided; no other clip is."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q

BEFORE = [
    "registered",
    "quarantined",
    "ingested",
    "prelabelled",
    "in_annotation",
    "in_arbitration",
    "accepted",
    "rejected",
]


class Migration(migrations.Migration):
    """Let the state in, for shadow clips only."""

    dependencies = [("clips", "0003_purpose")]
    operations = [
        migrations.RemoveConstraint(model_name="clip", name="clip_state"),
        migrations.AddConstraint(
            model_name="clip",
            constraint=models.CheckConstraint(
                condition=Q(state__in=[*BEFORE, "scored"]), name="clip_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="clip",
            constraint=models.CheckConstraint(
                condition=~Q(state="scored") | ~Q(purpose="work"), name="only_shadows_are_scored"
            ),
        ),
        migrations.AddConstraint(
            model_name="clip",
            constraint=models.CheckConstraint(
                condition=Q(purpose="work")
                | Q(state__in=["prelabelled", "in_annotation", "scored"]),
                name="shadows_are_never_decided",
            ),
        ),
    ]
