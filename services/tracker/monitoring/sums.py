"""Running sums: added to in place, so that any number of transactions may add at once.

An addition is one ``INSERT ... ON CONFLICT DO UPDATE SET n = n + ...``: PostgreSQL locks the
row, nobody reads before he writes, and no addition is lost. Rows are always added in the order
of their keys, and tables in the order of their names, so that no two transactions wait for each
other in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

Key = tuple[Any, ...]
Amounts = dict[str, Any]
"""Integers, or lists of integers that add up place by place, by column."""
Additions = dict[type["Sums"], dict[Key, Amounts]]
BATCH = 500


class Sums(models.Model):
    """A table of sums: ``KEY`` names the columns that say of what, all others are amounts."""

    KEY: tuple[str, ...] = ()

    class Meta:
        abstract = True

    @classmethod
    def amount_fields(cls) -> list[models.Field[Any, Any]]:
        """Return the columns that are added to."""
        return [f for f in cls._meta.concrete_fields if f.name not in {"id", *cls.KEY}]

    @classmethod
    def key_columns(cls) -> list[str]:
        """Return the key's columns as the database names them."""
        columns = {field.name: field.attname for field in cls._meta.concrete_fields}
        return [columns[name] for name in cls.KEY]

    @property
    def key(self) -> Key:
        """Say of what these are the sums."""
        return tuple(getattr(self, column) for column in self.key_columns())

    @property
    def amounts(self) -> Amounts:
        """Return the sums by column."""
        return {field.name: getattr(self, field.name) for field in self.amount_fields()}


def merge(additions: Additions, model: type[Sums], key: Key, amounts: Amounts) -> None:
    """Add amounts to what is gathered in memory."""
    rows = additions.setdefault(model, {})
    rows[key] = amounts if key not in rows else _added(rows[key], amounts)


def sums_add(additions: Additions) -> None:
    """Add what was gathered to the tables; the caller opens the transaction."""
    for model in sorted(additions, key=lambda model: model._meta.db_table):
        rows = additions[model]
        keys = sorted(rows)
        for first in range(0, len(keys), BATCH):
            batch = {key: rows[key] for key in keys[first : first + BATCH]}
            _upsert(model, batch)


def negated(additions: Additions) -> Additions:
    """Return what takes the same amounts out again."""
    return {
        model: {key: _subtracted(None, amounts) for key, amounts in rows.items()}
        for model, rows in additions.items()
    }


def differences(counted: Additions, models_: tuple[type[Sums], ...]) -> Additions:
    """Return what has to be added to the stored sums to make them what was counted."""
    lacking: Additions = {}
    for model in models_:
        wanted = dict(counted.get(model, {}))
        for row in model._default_manager.iterator():
            lack = _subtracted(wanted.pop(row.key, None), row.amounts)
            if _is_something(lack):
                merge(lacking, model, row.key, lack)
        for key, amounts in wanted.items():
            if _is_something(amounts):
                merge(lacking, model, key, amounts)
    return lacking


def _upsert(model: type[Sums], rows: Mapping[Key, Amounts]) -> None:
    fields = model.amount_fields()
    table, keys = model._meta.db_table, model.key_columns()
    columns = [*keys, *(field.attname for field in fields)]
    one = f"({', '.join(_placeholder(model, column) for column in columns)})"
    # Only names of our own columns are put in; the values travel apart.
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608
        f"VALUES {', '.join([one] * len(rows))} "
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET "
        f"{', '.join(_addition(table, field) for field in fields)}"
    )
    values = [
        value
        for key, amounts in rows.items()
        for value in (*key, *(amounts[field.name] for field in fields))
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _placeholder(model: type[Sums], column: str) -> str:
    by_column = {field.attname: field for field in model._meta.concrete_fields}
    return f"%s::{by_column[column].cast_db_type(connection)}"


def _addition(table: str, field: models.Field[Any, Any]) -> str:
    old, new = f"{table}.{field.attname}", f"EXCLUDED.{field.attname}"
    if not isinstance(field, ArrayField):
        return f"{field.attname} = {old} + {new}"
    both = f"unnest({old}, {new}) WITH ORDINALITY AS both_of (x, y, place)"
    return f"{field.attname} = ARRAY(SELECT x + y FROM {both} ORDER BY place)"  # noqa: S608


def _added(one: Amounts, other: Amounts) -> Amounts:
    return {name: _plus(value, other[name]) for name, value in one.items()}


def _subtracted(one: Amounts | None, other: Amounts) -> Amounts:
    negative = {name: _negative(value) for name, value in other.items()}
    return negative if one is None else _added(one, negative)


def _plus(one: Any, other: Any) -> Any:
    if isinstance(one, list):
        return [x + y for x, y in zip(one, other, strict=True)]
    return one + other


def _negative(value: Any) -> Any:
    return [-x for x in value] if isinstance(value, list) else -value


def _is_something(amounts: Amounts) -> bool:
    return any(any(value) if isinstance(value, list) else value for value in amounts.values())
