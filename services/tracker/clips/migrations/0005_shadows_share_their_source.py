"""A source and its content are one clip's among those that are work."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Loosen both constraints."""

    dependencies = [("clips", "0004_scored")]
    operations = [
        migrations.RemoveConstraint(model_name="clip", name="clip_source_once"),
        migrations.RemoveConstraint(model_name="clip", name="clip_content_once"),
        migrations.AddConstraint(
            model_name="clip",
            constraint=models.UniqueConstraint(
                condition=Q(purpose="work"),
                fields=("project", "source_uri"),
                name="clip_source_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="clip",
            constraint=models.UniqueConstraint(
                condition=Q(purpose="work", sha256__isnull=False),
                fields=("project", "sha256"),
                name="clip_content_once",
            ),
        ),
    ]
