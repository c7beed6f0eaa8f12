"""The rows of Label Studio's database, so that "nothing changed" is checked and not believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from tests.live_ls.server import LabelStudio

# Written by the installation, never by a person.
FIXED = {"django_migrations", "django_content_type", "auth_permission"}

Rows = Mapping[str, frozenset[str]]


def all_rows(label_studio: LabelStudio) -> Rows:
    """Return every row of every table, as JSON text."""
    with psycopg.connect(label_studio.database_url) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
            " and table_type = 'BASE TABLE'"
        ).fetchall()
        return {
            table: frozenset(
                text
                for (text,) in connection.execute(
                    sql.SQL("select row_to_json(t)::text from {} t").format(sql.Identifier(table))
                )
            )
            for (table,) in tables
            if table not in FIXED
        }


def changes(before: Rows, after: Rows, *, of_user: int) -> list[str]:
    """Return the rows that came, went or changed, but for the prober's own account rows."""
    found = []
    for table in sorted(set(before) | set(after)):
        rows = before.get(table, frozenset()) ^ after.get(table, frozenset())
        found += [f"{table}: {row}" for row in rows if not _is_own(table, json.loads(row), of_user)]
    return found


def _is_own(table: str, row: dict[str, Any], user: int) -> bool:
    """A person may move their own last-seen time and their own product tours."""
    if table == "htx_user":
        return bool(row["id"] == user)
    return table == "users_userproducttour" and row["user_id"] == user


def spread_ids(label_studio: LabelStudio) -> None:
    """Give every table a range of ids of its own, so that no id means two things."""
    with psycopg.connect(label_studio.database_url, autocommit=True) as connection:
        sequences = connection.execute(
            "select sequencename from pg_sequences where schemaname = 'public'"
            " order by sequencename"
        ).fetchall()
        for number, (name,) in enumerate(sequences, start=5):
            connection.execute("select setval(%s::regclass, %s)", (name, number * 1000))
