"""Nobody arbitrates a clip that he annotated, in any round, nor the other way round."""

from __future__ import annotations

from django.db import migrations

FUNCTION = """
CREATE FUNCTION segue_arbiter_is_no_annotator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM annotations_assignment
        WHERE clip_id = NEW.clip_id AND user_id = NEW.user_id AND kind <> NEW.kind
    ) THEN
        RAISE EXCEPTION 'user % has another kind of seat on clip %', NEW.user_id, NEW.clip_id
            USING ERRCODE = 'integrity_constraint_violation',
                  CONSTRAINT = 'arbiter_is_no_annotator';
    END IF;
    RETURN NEW;
END $$;
"""

TRIGGER = """
CREATE TRIGGER arbiter_is_no_annotator
BEFORE INSERT OR UPDATE OF clip_id, user_id, kind ON annotations_assignment
FOR EACH ROW EXECUTE FUNCTION segue_arbiter_is_no_annotator()
"""


class Migration(migrations.Migration):
    """Make the trigger."""

    dependencies = [("annotations", "0002_append_only")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION segue_arbiter_is_no_annotator()"),
        migrations.RunSQL(
            TRIGGER, "DROP TRIGGER arbiter_is_no_annotator ON annotations_assignment"
        ),
    ]
