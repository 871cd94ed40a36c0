"""The MariaDB that a generated project starts: real servers, real processes.

What it shares with PostgreSQL's launcher is tested in test_local_postgres.py.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncmy
import psutil
import pytest
from devtools import mariadb_programs
from devtools.local_mariadb import local_database as local_mariadb
from devtools.local_server import LocalServerError

SECONDS = 60  # for what usually takes less than one
TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "local_database"
OWNER = """
import sys, time
from pathlib import Path
from devtools.local_mariadb import local_database as local_mariadb
with local_mariadb(Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(3600)
"""


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a directory for temporary files: as open as /tmp is, and this test's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        for variable in ("TMPDIR", "TEMP", "TMP"):
            monkeypatch.setenv(variable, name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        yield Path(name)


@pytest.fixture
def installed() -> None:
    """Skip the test where there is no MariaDB."""
    try:
        mariadb_programs.find_programs()
    except LocalServerError as error:
        pytest.skip(str(error))


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Callable[[Path], tuple[psutil.Process, str]]]:
    """Return a function that starts a process that owns a server, and gives the server's URL."""
    processes: list[psutil.Popen] = []

    def start(data: Path) -> tuple[psutil.Process, str]:
        output = tmp_path / f"owner-{len(processes)}.txt"
        command = [sys.executable, "-c", OWNER, str(data)]
        with output.open("wb") as file:
            process = psutil.Popen(command, stdout=file, stderr=sys.stderr, cwd=TEMPLATES)
        processes.append(process)
        wait_until(lambda: b"\n" in output.read_bytes(), "the owner reports a URL")
        url = output.read_text(encoding="utf-8").strip()
        assert url.startswith("mysql://"), url
        return process, url

    yield start
    for process in processes:
        process.kill()
        process.wait(SECONDS)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"Waited {SECONDS} seconds in vain until {what}."
        time.sleep(0.05)


def query(url: str, sql: str, **changes: str) -> object:
    async def fetch() -> object:
        parts = urlsplit(url)
        known = {"host": parts.hostname, "user": parts.username, "password": parts.password}
        connection = await asyncmy.connect(port=parts.port, **known | changes)
        try:
            cursor = connection.cursor()
            await cursor.execute(sql)
            row = await cursor.fetchone()
        finally:
            await connection.ensure_closed()
        return row[0] if row else None

    return asyncio.run(fetch())


def server_on(url: str) -> psutil.Process:
    """Return the server's process."""
    port = urlsplit(url).port
    # Asked for at once: other tests' servers end while we look, and then have no command.
    [server] = [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"].startswith("mariadbd")
        and f"--port={port}" in (process.info["cmdline"] or [])
    ]
    return server


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # It went between the two questions.
        return True


@pytest.mark.usefixtures("installed")
def test_a_server_answers_and_leaves_nothing_behind(temporary: Path) -> None:
    with local_mariadb() as url:
        server = server_on(url)
        assert query(url, "SELECT 6 * 7") == 42
        assert query(url, "SELECT @@character_set_server") == "utf8mb4"
        assert {it.laddr.ip for it in server.net_connections("inet") if not it.raddr} == {
            "127.0.0.1"
        }
    assert is_gone(server)
    assert not any(temporary.iterdir())


@pytest.mark.usefixtures("installed")
def test_the_password_is_required_and_private(tmp_path: Path) -> None:
    with local_mariadb(tmp_path / "data") as url:
        for wrong in ("", "root"):
            with pytest.raises(asyncmy.errors.OperationalError, match="1045"):
                query(url, "SELECT 1", password=wrong)
        for name in ("password", "accounts.sql"):
            [file] = (tmp_path / "data").glob(f"*/{name}")
            if sys.platform != "win32":
                assert stat.S_IMODE(file.stat().st_mode) == 0o600
                assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("installed")
def test_data_and_port_survive_a_restart(tmp_path: Path) -> None:
    with local_mariadb(tmp_path) as url:
        query(url, "CREATE TABLE test.note AS SELECT 'kept' AS text")
        server = server_on(url)
    wait_until(lambda: is_gone(server), "the server has stopped")
    with local_mariadb(tmp_path) as same:
        assert same == url
        assert query(url, "SELECT text FROM test.note") == "kept"


@pytest.mark.usefixtures("installed")
def test_the_last_of_its_users_stops_it(
    owner: Callable[[Path], tuple[psutil.Process, str]], tmp_path: Path
) -> None:
    data = tmp_path / "a plâce"
    (first, url), (second, same) = owner(data), owner(data)
    assert same == url
    server = server_on(url)
    first.kill()
    assert query(url, "SELECT 1") == 1
    second.kill()
    wait_until(lambda: is_gone(server), "the server is gone with its last user")


@pytest.mark.usefixtures("installed")
def test_a_server_that_crashes_comes_back_with_the_next_user(
    owner: Callable[[Path], tuple[psutil.Process, str]], tmp_path: Path
) -> None:
    _, url = owner(tmp_path)
    query(url, "CREATE TABLE test.note AS SELECT 'kept' AS text")
    server_on(url).kill()
    with local_mariadb(tmp_path) as same:
        assert same == url
        assert query(url, "SELECT text FROM test.note") == "kept"


@pytest.mark.usefixtures("installed")
def test_a_copy_of_the_directory_leaves_the_original_alone(tmp_path: Path) -> None:
    with local_mariadb(tmp_path / "data") as url:
        server = server_on(url)
        without = shutil.ignore_patterns("*.sock")
        shutil.copytree(tmp_path / "data", tmp_path / "copy", ignore=without)
        with local_mariadb(tmp_path / "copy") as copied:
            assert copied != url
            assert query(copied, "SELECT 1") == 1
        assert not is_gone(server)


@pytest.mark.usefixtures("installed")
def test_nothing_is_left_when_the_owner_is_killed(
    owner: Callable[[Path], tuple[psutil.Process, str]], tmp_path: Path
) -> None:
    process, url = owner(tmp_path / "data")
    left = [server_on(url), *process.children()]
    process.kill()
    wait_until(lambda: all(map(is_gone, left)), "server and supervisor are gone")


@pytest.mark.usefixtures("installed")
def test_a_server_without_supervisor_is_adopted_with_its_users(
    owner: Callable[[Path], tuple[psutil.Process, str]], tmp_path: Path
) -> None:
    process, url = owner(tmp_path)
    server = server_on(url)
    for supervisor in process.children():
        supervisor.kill()
    with local_mariadb(tmp_path) as same:
        assert same == url
    assert query(url, "SELECT 1") == 1, "the first still uses it"
    process.kill()
    wait_until(lambda: is_gone(server), "the server is gone with its last user")


@pytest.mark.usefixtures("installed")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="concerns root")
def test_root_gives_it_away_where_it_can_and_opens_no_directory(
    tmp_path: Path, temporary: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for data, account in ((temporary / "data", "nobody"), (closed / "data", "root")):
        with local_mariadb(data) as url:
            assert server_on(url).username() == account
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_without_mariadb_it_names_the_ways_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mariadb_programs, "_USUAL_FOLDERS", ())
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("MARIADB_BIN", raising=False)
    with pytest.raises(LocalServerError, match="No MariaDB found") as caught, local_mariadb():
        pass
    for way in ("DATABASE_URL", "TEST_DATABASE_URL", "PATH", "MARIADB_BIN", "docker compose up"):
        assert way in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_mariadb_bin_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MARIADB_BIN", str(tmp_path))
    with pytest.raises(LocalServerError, match=r"MARIADB_BIN names .* lacks mariadbd"):
        mariadb_programs.find_programs()
