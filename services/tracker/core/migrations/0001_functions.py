"""What the triggers and checks of other apps call."""

from __future__ import annotations

from django.db import migrations

REFUSE_CHANGE = """
CREATE FUNCTION segue_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

# Half-open integer frames, in the database's own words: 0 <= onset < offset for each segment.
SEGMENTS_SOUND = """
CREATE FUNCTION segue_segments_sound(segments jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_typeof(segments) = 'array' AND NOT EXISTS (
        SELECT 1 FROM jsonb_array_elements(segments) AS s
        WHERE NOT COALESCE(
            jsonb_typeof(s -> 'onset') = 'number' AND jsonb_typeof(s -> 'offset') = 'number'
            AND (s ->> 'onset')::numeric >= 0
            AND (s ->> 'onset')::numeric < (s ->> 'offset')::numeric, false)
    )
$$;
"""


class Migration(migrations.Migration):
    """Make the functions."""

    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION segue_refuse_change()"),
        migrations.RunSQL(SEGMENTS_SOUND, "DROP FUNCTION segue_segments_sound(jsonb)"),
    ]
