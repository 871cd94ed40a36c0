"""PgBouncer in front of a PostgreSQL, in transaction mode unless a test asks for another one."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from support.databases.pooler import find_pooler, pooling

DEFAULTS = {
    "unix_socket_dir": "",
    "auth_type": "scram-sha-256",
    "pool_mode": "transaction",
    # Fewer than its clients have, so that each comes to the others' connections.
    "default_pool_size": "3",
    "max_client_conn": "1000",
    # Or a server that was away is not looked for before 15 s have passed.
    "server_login_retry": "1",
}
REFUSED_BY_DEFAULT = "options, statement_timeout, lock_timeout, idle_in_transaction_session_timeout"
SESSION = {"pool_mode": "session", "ignore_startup_parameters": REFUSED_BY_DEFAULT}
"""Settings for sessions, in which it passes on everything but the limits, which it ignores."""


def pgbouncer(url: str, **settings: str) -> AbstractContextManager[str]:
    """Return the URL of the database at `url` through PgBouncer with these settings.

    Skip the test, with the reason, if there is no PgBouncer.
    """
    server, program = urlsplit(url), find_pooler("pgbouncer", "pgbouncer")

    def prepare(home: Path, port: int) -> list[str]:
        (home / "users.txt").write_text(f'"{server.username}" "{server.password}"\n')
        where = {"listen_addr": "127.0.0.1", "listen_port": port, "auth_file": home / "users.txt"}
        whole = {**DEFAULTS, **where, "admin_users": server.username, **settings}
        lines = [
            "[databases]",
            f"postgres = host={server.hostname} port={server.port}",
            "[pgbouncer]",
            *(f"{name} = {value}" for name, value in whole.items()),
        ]
        (home / "pgbouncer.ini").write_text("\n".join([*lines, ""]))
        return [program, str(home / "pgbouncer.ini")]

    return pooling(url, prepare, stop=signal.SIGKILL)


def reconnect(url: str) -> None:
    """Let the PgBouncer at `url` replace its connections, and learn its server's role again."""

    async def tell() -> None:
        connection = await asyncpg.connect(urlsplit(url)._replace(path="/pgbouncer").geturl())
        await connection.execute("RECONNECT")
        await connection.close()

    asyncio.run(tell())
