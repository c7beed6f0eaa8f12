"""Migration operations that make PostgreSQL itself keep what must not change."""

from __future__ import annotations

from django.db.migrations import RunSQL


def append_only(table: str) -> RunSQL:
    """Refuse updates and deletes of a table's rows, whoever asks."""
    return RunSQL(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION segue_refuse_change()",
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


def segments_sound(table: str) -> RunSQL:
    """Hold the column ``segments`` to half-open integer frames."""
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_segments CHECK "
        "(segue_segments_sound(segments))",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_segments",
    )
