"""Where a PostgreSQL server is, and who we are to each of its databases."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from orchestration.local.errors import PostgresError

SCHEMES = ("postgres", "postgresql")
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAddress:
    """One role on one server; the password stays out of ``repr`` and so out of logs."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)

    def url(self, database: str, *, driver: str = "") -> str:
        """Return a connection URL, for ``postgresql+<driver>`` when a driver is named."""
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        options = dict(self.options)
        if driver == "asyncpg" and "sslmode" in options:  # asyncpg's word for libpq's sslmode
            options["ssl"] = options.pop("sslmode")
        tail = f"?{urlencode(options)}" if options else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{who}@{host}:{self.port}/{quote(database, safe='')}{tail}"


def role_password(master: str, role: str) -> str:
    """Derive one role's password, so that knowing it opens no other role's database."""
    return hmac.new(master.encode(), f"postgres-role:{role}".encode(), hashlib.sha256).hexdigest()


def parse_server_url(url: str) -> PostgresAddress:
    """Read DATABASE_URL.

    Raises
    ------
    PostgresError
        When it is no URL of a PostgreSQL server with a user.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname or not parts.username:
        raise PostgresError(
            "DATABASE_URL is not of the form postgresql://user:password@host:port/database."
        )
    return PostgresAddress(
        host=parts.hostname,
        port=parts.port or 5432,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        options=MappingProxyType(dict(parse_qsl(parts.query))),
    )
