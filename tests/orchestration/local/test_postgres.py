"""The launcher on real servers; each test that starts one carries the marker db."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from orchestration.local.databases import DATABASES
from orchestration.local.errors import PostgresError
from orchestration.local.postgres import (
    PostgresAddress,
    PostgresCluster,
    binaries,
    find_binaries,
    parse_server_url,
    privileges,
    provision,
    role_password,
    run_sql,
    temporary_postgres,
    wait_ready,
)
from tests.orchestration.local.conftest import free_ports

pytestmark = pytest.mark.enable_socket
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root must give its rights away")
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("url", ["", "mysql://a:b@c/d", "postgresql://host/db", "host:5432"])
def test_a_url_that_names_no_server_and_user_is_refused(url: str) -> None:
    with pytest.raises(PostgresError, match="DATABASE_URL is not of the form"):
        parse_server_url(url)


def test_an_address_survives_odd_characters() -> None:
    address = PostgresAddress(host="::1", port=1, user="a@b", password="p:/?#%")
    assert parse_server_url(address.url("x")) == address


def test_a_password_is_not_shown() -> None:
    address = PostgresAddress(host="h", port=1, user="u", password="hidden")
    assert "hidden" not in repr(address)


def test_no_postgres_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_wheel_folder", lambda: None)
    monkeypatch.setattr(binaries, "_system_folders", list)
    with pytest.raises(PostgresError, match="No PostgreSQL was found: install"):
        binaries.find_binaries.__wrapped__()


@pytest.mark.db
def test_it_serves_three_databases_with_their_extensions() -> None:
    with temporary_postgres() as server:
        for name in DATABASES:
            with psycopg.connect(server.url(name)) as connection:
                rows = connection.execute("SELECT extname FROM pg_extension").fetchall()
            assert {"pg_trgm", "btree_gin"} <= {name for (name,) in rows}
        again = psutil.net_connections(kind="tcp")
        listening = {c.laddr for c in again if c.status == "LISTEN" and c.laddr.port == server.port}
        assert {address.ip for address in listening} == {"127.0.0.1"}


@pytest.mark.db
def test_nothing_is_left_of_it() -> None:
    with temporary_postgres() as server, psycopg.connect(server.url("segue")) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone()
    assert not Path(folder).parent.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url("segue"), connect_timeout=2)


@pytest.mark.db
def test_a_wrong_password_is_refused() -> None:
    with temporary_postgres() as server:
        wrong = PostgresAddress(
            host=server.host, port=server.port, user=server.user, password="wrong"
        )
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong.url("segue"))


@pytest.mark.db
def test_a_role_enters_its_own_database_only_and_a_repeat_is_harmless() -> None:
    passwords = {name: role_password("master", name) for name in DATABASES}
    with temporary_postgres(databases=()) as server:
        for _ in range(2):
            provision(find_binaries(), server, databases=DATABASES, role_passwords=passwords)
        prefect = PostgresAddress(
            host=server.host, port=server.port, user="prefect", password=passwords["prefect"]
        )
        with psycopg.connect(prefect.url("prefect")) as connection:
            connection.execute("CREATE TABLE mine (id int)")
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(prefect.url("segue"))


@pytest.mark.db
def test_sql_that_fails_says_why() -> None:
    with (
        temporary_postgres(databases=()) as server,
        pytest.raises(PostgresError, match='relation "nowhere" does not exist'),
    ):
        run_sql(find_binaries(), server, "SELECT * FROM nowhere;")


@pytest.mark.db
@AS_ROOT
def test_root_can_fall_back_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    real = privileges._works
    monkeypatch.setattr(
        privileges, "_works", lambda who, probe: who.owner is not None and real(who, probe)
    )
    privileges.choose_identity.cache_clear()
    try:
        with temporary_postgres(databases=()) as server:
            pid = next(
                c.pid
                for c in psutil.net_connections(kind="tcp")
                if c.status == "LISTEN" and c.laddr.port == server.port
            )
            assert psutil.Process(pid).username() == "nobody"
    finally:
        privileges.choose_identity.cache_clear()


@pytest.mark.db
def test_the_server_ends_with_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import time\nfrom orchestration.local.postgres import temporary_postgres\n"
        "with temporary_postgres(databases=()) as s:\n print(s.port, flush=True); time.sleep(99)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    assert int(parent.stdout.readline())
    servers = [p for p in psutil.process_iter() if _serves_below(p, tmp_path)]
    assert servers
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs(servers, timeout=15)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def _serves_below(process: psutil.Process, folder: Path) -> bool:
    try:
        command = process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return process.name() == "postgres" and any(str(folder) in part for part in command)


@pytest.fixture
def cluster(tmp_path: Path) -> PostgresCluster:
    tmp_path.chmod(0o711)
    (port,) = free_ports(1)
    return PostgresCluster(home=tmp_path / "postgres", port=port, password="pw", throw_away=True)


def _serve(cluster: PostgresCluster) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        cluster.command(die_with=os.getpid()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_ready(
        cluster.binaries,
        cluster.address,
        timeout_s=30,
        still_alive=lambda: process.poll() is None,
    )
    return process


@pytest.mark.db
def test_a_half_made_cluster_is_made_again(cluster: PostgresCluster) -> None:
    half = cluster.home / "data.new"
    half.mkdir(parents=True)
    (half / "rubbish").touch()
    cluster.initialise()
    assert not half.exists()
    assert (cluster.data / "PG_VERSION").is_file()
    assert not (cluster.data / "rubbish").exists()


@pytest.mark.db
def test_data_survives_a_kill_and_a_lock_whose_pid_is_somebody_elses(
    cluster: PostgresCluster,
) -> None:
    cluster = replace(cluster, throw_away=False)
    cluster.initialise()
    first = _serve(cluster)
    run_sql(cluster.binaries, cluster.address, "CREATE TABLE kept (id int);")
    first.kill()
    first.wait()
    lock = cluster.data / "postmaster.pid"
    _, rest = lock.read_text().split("\n", 1)
    lock.write_text(f"{os.getpid()}\n{rest}")  # as if the number had been given to us
    cluster.clear_stale_lock()
    time.sleep(0.5)  # the killed server's children must have seen its death
    second = _serve(cluster)
    try:
        assert run_sql(cluster.binaries, cluster.address, "SELECT count(*) FROM kept;") == "0\n"
    finally:
        second.send_signal(signal.SIGQUIT)
        second.wait()


@pytest.mark.db
def test_data_of_another_version_is_left_alone(cluster: PostgresCluster) -> None:
    cluster.initialise()
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="was made by PostgreSQL 9"):
        cluster.initialise()
