"""One PostgreSQL server of our own in a folder: made once, started in the foreground."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.local.errors import PostgresError
from orchestration.local.postgres.address import LOOPBACK, PostgresAddress
from orchestration.local.postgres.binaries import Binaries, find_binaries
from orchestration.local.postgres.privileges import Identity, choose_identity

SUPERUSER = "segue_admin"
FIRST_MAJOR_WITH_BUILTIN_LOCALE = 17
ACCESS_RULES = """\
# Segue: passwords only, and only from this machine.
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCluster:
    """A data folder and how to serve it on 127.0.0.1.

    Parameters
    ----------
    home : Path
        Holds ``data`` when complete and ``data.new`` while it is being made.
    throw_away : bool
        Trade safety against a crash of the machine for speed; for tests only.
    """

    home: Path
    port: int
    password: str = field(repr=False)
    throw_away: bool = False

    @property
    def data(self) -> Path:
        """The finished data folder; it exists only when initdb ran to its end."""
        return self.home / "data"

    @property
    def binaries(self) -> Binaries:
        """The programs that serve this folder."""
        return find_binaries()

    @property
    def identity(self) -> Identity:
        """Who the server runs as."""
        return choose_identity(self.binaries.path("postgres"))

    @property
    def address(self) -> PostgresAddress:
        """The server as its superuser sees it."""
        return PostgresAddress(
            host=LOOPBACK, port=self.port, user=SUPERUSER, password=self.password
        )

    def initialise(self) -> None:
        """Make the data folder unless a finished one is there; what was half made is made again.

        Raises
        ------
        PostgresError
            When initdb fails or the folder belongs to another major version.
        """
        if self.data.is_dir():
            self._check_version()
            return
        self.home.mkdir(parents=True, exist_ok=True)
        half_made = self.home / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        self.identity.give(half_made)
        self._run_initdb(half_made)
        (half_made / "pg_hba.conf").write_text(ACCESS_RULES, encoding="ascii")
        half_made.rename(self.data)

    def command(self, *, die_with: int | None = None) -> list[str]:
        """Return the argv of the server in the foreground; it holds no secret.

        ``die_with`` is the pid of the parent-to-be whose death ends the server too.
        """
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "password_encryption": "scram-sha-256",
            "log_line_prefix": "%m [%p] %d ",
        }
        if self.throw_away:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        program = [self.binaries.path("postgres"), "-D", str(self.data), *options]
        return self.identity.command(program, die_with=die_with)

    def clear_stale_lock(self) -> None:
        """Remove the lock file of a server that was killed and whose pid now means something else.

        PostgreSQL itself removes it when the pid is free, but after a restart of the machine or
        container the number often belongs to another process, and then it refuses to start.
        """
        lock = self.data / "postmaster.pid"
        if not lock.is_file():
            return
        pid = lock.read_text(encoding="utf-8").split("\n", 1)[0].strip()
        program = Path(f"/proc/{pid}/exe")
        if Path("/proc").is_dir() and not (
            program.exists() and program.readlink().name.startswith("postgres")
        ):
            lock.unlink(missing_ok=True)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if int(made_by) != self.binaries.major:
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {made_by} but {self.binaries.folder} is "
                f"{self.binaries.major}: move the folder away to begin anew, or make version "
                f"{made_by} the one that is found."
            )

    def _run_initdb(self, folder: Path) -> None:
        locale: tuple[str, ...]
        if self.binaries.major >= FIRST_MAJOR_WITH_BUILTIN_LOCALE:
            locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        else:
            locale = ("--locale=C.UTF-8",)
        with tempfile.TemporaryDirectory(prefix="segue-initdb-") as private:
            pwfile = Path(private) / "password"
            pwfile.touch(mode=0o600)
            pwfile.write_text(self.password, encoding="utf-8")
            self.identity.give(Path(private))
            program = [
                *(self.binaries.path("initdb"), "-D", str(folder), "-U", SUPERUSER),
                *("-E", "UTF8", *locale, "-A", "scram-sha-256", f"--pwfile={pwfile}"),
                *("--no-instructions", *(("--no-sync",) if self.throw_away else ())),
            ]
            answer = subprocess.run(  # noqa: S603 - a program we located ourselves
                self.identity.command(program),
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=180,
            )
        if answer.returncode != 0:
            raise PostgresError(f"initdb failed in {self.home}: {answer.stderr.strip()}")
