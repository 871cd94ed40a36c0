"""Where MariaDB's programs are on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.local_server import EXE, LocalServerError

_USUAL_FOLDERS = (
    "usr/sbin",  # Debian, Ubuntu, Alpine
    "usr/libexec",  # Fedora, Red Hat
    "usr/bin",
    "usr/local/mysql/bin",
    "opt/homebrew/opt/mariadb*/bin",
    "usr/local/opt/mariadb*/bin",
    "Program Files/MariaDB*/bin",
)


@dataclass(frozen=True)
class Programs:
    """The server, the program that makes its files, and the server's version: 11.8.3."""

    server: Path
    installer: Path
    version: str

    @property
    def prefix(self) -> Path:
        """Where all its files are: /usr for /usr/sbin/mariadbd."""
        return self.server.parent.parent


def find_programs() -> Programs:
    """Return MariaDB's programs.

    Raises LocalServerError when there are none, or MARIADB_BIN names a folder without them.
    """
    if named := os.environ.get("MARIADB_BIN"):
        if found := _in(Path(named).resolve()):
            return found
        raise LocalServerError(
            f"MARIADB_BIN names {named}, which lacks mariadbd or mariadb-install-db."
        )
    for folder in _candidates():
        if found := _in(folder):
            return found
    raise LocalServerError(
        "No MariaDB found: set DATABASE_URL (for tests TEST_DATABASE_URL) to one that runs, "
        "or install MariaDB and put it on PATH or name its bin folder in MARIADB_BIN, "
        "or run `docker compose up database` and use that one."
    )


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which("mariadbd"):
        yield Path(on_path).resolve().parent
    root = Path(os.environ.get("SYSTEMDRIVE", ""), "/")
    for pattern in _USUAL_FOLDERS:
        yield from sorted(root.glob(pattern), reverse=True)


def _in(folder: Path) -> Programs | None:
    server = folder / f"mariadbd{EXE}"
    # The server is often in sbin or libexec, and the other program in bin beside it.
    installers = [
        place / f"mariadb-install-db{EXE}"
        for place in (folder, folder.parent / "bin", folder.parent / "scripts")
    ]
    installer = next(filter(Path.is_file, installers), None)
    if not server.is_file() or installer is None:
        return None
    return Programs(server, installer, _version(server))


def _version(server: Path) -> str:
    try:
        printed = subprocess.run(
            [server, "--no-defaults", "--version"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # it prints its path in the code page of Windows
            timeout=60,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalServerError(f"{server} does not run on this machine: {error}") from error
    if found := re.search(r"(\d+\.\d+\.\d+)-MariaDB", printed):
        return found[1]
    raise LocalServerError(f"{server} does not say which MariaDB it is: {printed.strip()}")
