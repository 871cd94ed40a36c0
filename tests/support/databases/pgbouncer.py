"""PgBouncer in transaction mode, in front of a PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from devtools.local_postgres import Postgres
from devtools.local_server import leave_root

CONFIGURATION = """\
[databases]
postgres = host={server.hostname} port={server.port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {home}/users.txt
pool_mode = transaction
# Fewer than its clients have, so that each comes to the others' connections.
default_pool_size = 3
ignore_startup_parameters = {ignored}
"""
REFUSED_BY_DEFAULT = "options, statement_timeout, lock_timeout, idle_in_transaction_session_timeout"


def find_pgbouncer() -> str | None:
    """Return the path of the program, which Debian keeps from PATH."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def pgbouncer(program: str, url: str, *, ignored: str = "") -> Iterator[str]:
    """Yield the URL of the database at `url` through PgBouncer.

    `ignored` are the start-up parameters that it does not refuse, and does not obey.
    """
    server = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o755)
        (home / "users.txt").write_text(f'"{server.username}" "{server.password}"\n')
        (home / "pgbouncer.ini").write_text(
            CONFIGURATION.format(server=server, port=port, home=home, ignored=ignored)
        )
        leave_root(home)
        with (home / "log").open("wb") as log:
            account = Postgres(home, home, ephemeral=True).process_arguments(log)
            process = subprocess.Popen([program, home / "pgbouncer.ini"], **account)
        with process:
            try:
                _wait_until_it_listens(port, process, home / "log")
                yield server._replace(
                    netloc=server.netloc.replace(f":{server.port}", f":{port}")
                ).geturl()
            finally:
                process.kill()


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text(encoding="utf-8"))
