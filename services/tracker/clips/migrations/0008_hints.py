"""What a machine points out on a clip, and where its picture is."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Clips of before have neither."""

    dependencies = [("clips", "0007_view")]
    operations = [
        migrations.AddField(
            model_name="media",
            name="hints",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="media",
            name="strip_key",
            field=models.CharField(max_length=500, null=True),
        ),
    ]
