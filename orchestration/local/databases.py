"""Which PostgreSQL the stack uses, and who each service is to it."""

from __future__ import annotations

from orchestration.local.postgres import (
    PostgresAddress,
    PostgresCluster,
    find_binaries,
    parse_server_url,
    provision,
    role_password,
)
from orchestration.local.secrets import read_secret
from orchestration.settings import StackSettings

DATABASES = ("segue", "prefect", "labelstudio")


def cluster(settings: StackSettings) -> PostgresCluster:
    """Return our own server of this folder."""
    return PostgresCluster(
        home=settings.home / "postgres",
        port=settings.postgres_port,
        password=read_secret(settings.secrets, "postgres_password"),
    )


def is_own(settings: StackSettings) -> bool:
    """Tell whether the stack runs the server itself."""
    return settings.database_url is None


def server_address(settings: StackSettings) -> PostgresAddress:
    """Return the server as the one sees it who may make databases."""
    if settings.database_url is not None:
        return parse_server_url(settings.database_url.get_secret_value())
    return cluster(settings).address


def database_address(settings: StackSettings, database: str) -> PostgresAddress:
    """Return the server as the owner of one database sees it.

    On our own server each database has a role of its own name that may enter no other; on a
    server that was given to us the given role owns all of them.
    """
    server = server_address(settings)
    if not is_own(settings):
        return server
    return PostgresAddress(
        host=server.host,
        port=server.port,
        user=database,
        password=role_password(server.password, database),
    )


def provision_databases(settings: StackSettings) -> None:
    """Make the roles, databases and extensions that are missing.

    Raises
    ------
    PostgresError
        When the server refuses us.
    """
    server = server_address(settings)
    passwords = {name: role_password(server.password, name) for name in DATABASES}
    provision(
        find_binaries(),
        server,
        databases=DATABASES,
        role_passwords=passwords if is_own(settings) else None,
    )
