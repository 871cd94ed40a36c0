"""What local database servers have in common: their account, their programs, their ports."""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

if sys.platform == "win32":
    import ctypes

    AS_ROOT = False
    # Windows reads 0o700 as "administrators only", and servers give up being administrators.
    PRIVATE = 0o777
else:
    import pwd

    AS_ROOT = os.geteuid() == 0
    PRIVATE = 0o700

HOST = "127.0.0.1"
_TOOL_SECONDS = 120


class LocalServerError(RuntimeError):
    """A local server can't be used; the message says why, in one sentence for people."""


class Server(Protocol):
    """One kind of server in one directory. `start` and `stop` may raise LocalServerError."""

    name: str
    home: Path
    ephemeral: bool

    def start(self) -> None:
        """Initialise, recover from a crash and start, as needed; do nothing if it runs."""

    def stop(self) -> None:
        """Stop the server, or what is left of it; do nothing if it does not run."""

    def answers(self, port: int) -> bool:
        """Tell whether a server of this kind listens on `port`."""

    def url(self) -> str:
        """Return the URL, password included, of this server."""


def run_tool(home: Path, *command: str, cwd: Path) -> None:
    """Run one of a server's own programs as the owner of `home`.

    Raises LocalServerError when it fails or takes longer than 120 seconds.
    """
    tool = Path(command[0]).stem
    # Into a file: a server that the program leaves behind would keep a pipe open.
    with (home / "setup.log").open("ab") as output:
        try:
            subprocess.run(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=_TOOL_SECONDS,
                check=True,
                **as_owner_of(home),
            )
        except subprocess.TimeoutExpired:
            problem = f"took longer than {_TOOL_SECONDS} seconds"
        except subprocess.CalledProcessError as error:
            problem = f"failed with exit code {error.returncode}"
        else:
            return
    raise LocalServerError(f"{tool} {problem}; the logs are in {home}.")


def as_owner_of(home: Path) -> dict[str, Any]:
    """Return the arguments with which `subprocess` runs a program as the owner of `home`."""
    # The same messages and times on every machine.
    arguments: dict[str, Any] = {"env": os.environ | {"LC_ALL": "C", "TZ": "UTC"}}
    if AS_ROOT:
        owner = home.stat()
        arguments |= {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    return arguments


def give(path: Path, home: Path) -> None:
    """Let the owner of `home` own `path` too."""
    if sys.platform != "win32" and AS_ROOT:
        owner = home.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def leave_root(home: Path) -> None:
    """Give a `home` that belongs to root to "nobody": servers refuse to run as root."""
    if sys.platform != "win32" and AS_ROOT and home.stat().st_uid == 0:
        nobody = pwd.getpwnam("nobody")
        # All of it, if it is a copy.
        for path in (home, *home.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


def plain_name(path: Path) -> Path:
    """Return the short name that Windows has for a `path` that is not in ASCII, if it has one.

    Programs in the code page of Windows can't open every path, and PostgreSQL's put the bytes of
    paths into texts in UTF-8.
    """
    if sys.platform == "win32" and not str(path).isascii():
        name = ctypes.create_unicode_buffer(32_768)
        ctypes.windll.kernel32.GetShortPathNameW(str(path), name, len(name))
        return Path(name.value or path)
    return path


def remove(folder: Path) -> None:
    """Delete `folder`; on Windows a process's files stay in use for a moment after its end."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(0.1)


def kept_port(home: Path) -> int:
    """Return the port of the server in `home`, or 0 if it has none yet."""
    return _kept(home)[0]


def is_copy(home: Path) -> bool:
    """Return whether `home` is a copy of another directory, whose server may still run."""
    return _kept(home)[1] not in {0, home.stat().st_ino}


def start_on_kept_port(home: Path, start: Callable[[int], None]) -> None:
    """Call `start` with the port of `home`, or with a new one if that is in use."""
    # Below the ephemeral ports, which outgoing connections would take in between.
    others = random.sample(range(20_000, 32_768), 20)
    for port in filter(_is_free, [kept_port(home) or others[0], *others]):
        try:
            start(port)
        except LocalServerError:
            if _is_free(port):  # then the port was not what was wrong
                raise
        else:
            (home / "port").write_text(f"{port} {home.stat().st_ino}", encoding="utf-8")
            return
    raise LocalServerError("No port from 20000 to 32767 seems to be free: stop what has them.")


def owns(data: Path, password: str | None) -> bool:
    """Return whether a server below `data` has this password, which is random."""
    with suppress(OSError):
        return password in {it.read_text(encoding="utf-8") for it in data.glob("*/password")}
    return False


def _kept(home: Path) -> tuple[int, int]:
    with suppress(OSError, ValueError):
        port, inode = map(int, (home / "port").read_text(encoding="utf-8").split())
        return port, inode
    return 0, 0


def _is_free(port: int) -> bool:
    with suppress(OSError), socket.create_server((HOST, port)):
        return True
    return False
