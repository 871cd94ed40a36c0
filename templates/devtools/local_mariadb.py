"""A real MariaDB for development and tests, from the programs that this machine has."""

import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from devtools.local_server import LocalServerError, owns
from devtools.mariadb_programs import find_programs
from devtools.mariadb_server import MariaDB
from devtools.supervisor import running, supervise

__all__ = ["DATA", "LocalServerError", "client", "local_mariadb", "owns"]

DATA = Path(__file__).resolve().parents[1] / ".local" / "mariadb"
"""The data of the project's own server."""


@contextmanager
def local_mariadb(data: Path | None = None) -> Iterator[str]:
    """Run MariaDB for the length of a `with` block, and yield its `mysql://` URL.

    With `data`, its files stay in `data/<version>`, all who use it share one server, and that
    stops when the last of them has gone. Without `data` it is nobody else's, fast and
    forgetful: a temporary directory, and no waiting for the disk.

    Raises LocalServerError when there is no MariaDB here or it does not start.
    """
    programs = find_programs()
    series = ".".join(programs.version.split(".")[:2])
    temporary = Path(tempfile.gettempdir(), f"local-mariadb-{secrets.token_hex(8)}")
    home = data.resolve() / series if data else temporary
    with running(MariaDB(programs, home, ephemeral=not data), "devtools.local_mariadb") as url:
        yield url


def client(url: str) -> list[str]:
    """Return the command that opens the database in a terminal; none without MariaDB's client."""
    mariadb, parts = shutil.which("mariadb"), urlsplit(url)
    if not mariadb:
        return []
    where = [f"--host={parts.hostname}", f"--port={parts.port}", f"--user={parts.username}"]
    return [mariadb, *where, f"--password={parts.password}", parts.path.lstrip("/")]


if __name__ == "__main__":
    _home, _ephemeral = sys.argv[1:]
    supervise(MariaDB(find_programs(), Path(_home), ephemeral=_ephemeral == "True"))
