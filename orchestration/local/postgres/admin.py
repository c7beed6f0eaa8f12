"""Make roles, databases and extensions on a running server, with its own psql."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestration.local.errors import PostgresError
from orchestration.local.postgres.address import PostgresAddress
from orchestration.local.postgres.binaries import Binaries

EXTENSIONS = ("pg_trgm", "btree_gin")
POLL_S = 0.05


def is_ready(binaries: Binaries, address: PostgresAddress) -> bool:
    """Ask whether the server accepts connections, without logging in."""
    answer = subprocess.run(  # noqa: S603 - a program we located ourselves
        [
            *(binaries.path("pg_isready"), "-q", "-t", "3"),
            *("-h", address.host, "-p", str(address.port), "-d", "postgres"),
            *("-U", address.user),  # else it looks for the name of our own user, who may have none
        ],
        capture_output=True,
        check=False,
        timeout=30,
    )
    return answer.returncode == 0


def wait_ready(
    binaries: Binaries,
    address: PostgresAddress,
    *,
    timeout_s: float,
    still_alive: Callable[[], bool] = lambda: True,
) -> None:
    """Wait until the server accepts connections.

    Raises
    ------
    PostgresError
        When it died or the time ran out.
    """
    limit = time.monotonic() + timeout_s
    while not is_ready(binaries, address):
        if not still_alive():
            raise PostgresError("PostgreSQL ended while it was starting.")
        if time.monotonic() > limit:
            raise PostgresError(
                f"PostgreSQL at {address.host}:{address.port} does not answer after {timeout_s} s."
            )
        time.sleep(POLL_S)


def run_sql(
    binaries: Binaries, address: PostgresAddress, sql: str, *, database: str = "postgres"
) -> str:
    """Run a script in one database and return what it printed, unaligned.

    Raises
    ------
    PostgresError
        With the server's own words, when a statement fails.
    """
    with tempfile.TemporaryDirectory(prefix="segue-psql-") as folder:
        passfile = Path(folder) / "pgpass"
        passfile.touch(mode=0o600)
        escaped = address.password.replace("\\", "\\\\").replace(":", "\\:")
        passfile.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        environment["PGPASSFILE"] = str(passfile)
        environment["PGCONNECT_TIMEOUT"] = "10"
        if "sslmode" in address.options:
            environment["PGSSLMODE"] = address.options["sslmode"]
        answer = subprocess.run(  # noqa: S603 - a program we located ourselves
            [
                *(binaries.path("psql"), "-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1"),
                *("-h", address.host, "-p", str(address.port)),
                *("-U", address.user, "-d", database, "-f", "-"),
            ],
            input=sql,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    if answer.returncode != 0:
        raise PostgresError(
            f"PostgreSQL at {address.host}:{address.port} refused: {answer.stderr.strip()}"
        )
    return answer.stdout


def _unless(statement: str, table: str, column: str, value: str) -> str:
    """Write a psql line that runs a statement unless the catalogue has such a row already."""
    return (
        f"SELECT {_literal(statement)} "  # noqa: S608 - every value is quoted
        f"WHERE NOT EXISTS (SELECT FROM {table} WHERE {column} = {_literal(value)}) \\gexec"
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def provision(
    binaries: Binaries,
    server: PostgresAddress,
    *,
    databases: tuple[str, ...],
    role_passwords: Mapping[str, str] | None = None,
) -> None:
    """Make what is missing; a second call changes nothing but the roles' passwords.

    Parameters
    ----------
    role_passwords : mapping, optional
        Role name to password. Each database is then owned by the role of its name, and closed to
        the others. Without it the databases belong to ``server.user``.

    Raises
    ------
    PostgresError
        When the server refuses a statement.
    """
    roles = role_passwords or {}
    lines = ["SET log_min_error_statement = panic;", "SET client_min_messages = warning;"]
    for role, password in roles.items():
        create = f"CREATE ROLE {_identifier(role)} LOGIN"
        lines.append(_unless(create, "pg_roles", "rolname", role))
        lines.append(f"ALTER ROLE {_identifier(role)} PASSWORD {_literal(password)};")
    for database in databases:
        name = _identifier(database)
        owner = f" OWNER {_identifier(database)}" if database in roles else ""
        lines.append(_unless(f"CREATE DATABASE {name}{owner}", "pg_database", "datname", database))
        if database in roles:
            lines.append(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;")
    for database in databases:
        lines.append(f"\\connect {_identifier(database)}")
        lines.append("SET client_min_messages = warning;")
        lines.extend(f"CREATE EXTENSION IF NOT EXISTS {name};" for name in EXTENSIONS)
    run_sql(binaries, server, "\n".join(lines) + "\n")
