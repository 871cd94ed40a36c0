"""A database server in one directory: its files, its port, its account."""

import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

if sys.platform == "win32":
    import ctypes

    AS_ROOT = False
    # Windows reads 0o700 as "administrators only", and servers give up being administrators.
    PRIVATE = 0o777
    EXE = ".exe"
else:
    import pwd

    AS_ROOT = os.geteuid() == 0
    PRIVATE = 0o700
    EXE = ""

HOST = "127.0.0.1"


class LocalServerError(RuntimeError):
    """A local server can't be used; the message says why, in one sentence for people."""


class LocalServer(ABC):
    """A server in the directory `home`. `start` and `stop` raise LocalServerError."""

    name: str
    url_format: str  # with places for the password and the port
    data: Path
    pid_file: Path

    def __init__(self, home: Path, *, ephemeral: bool) -> None:
        self.home = home
        self.ephemeral = ephemeral

    def prepare(self) -> None:
        """Give the server's files to the account that it runs as."""
        leave_root(self.home)

    @abstractmethod
    def initialise(self, draft: Path) -> None:
        """Make the server's files in `draft`, which becomes `data`."""

    @abstractmethod
    def start_on(self, port: int) -> None:
        """Start the server, after a crash too, and return when it answers."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the server, or what is left of it; do nothing if it does not run."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether a server of this kind listens on the port."""

    @property
    def port(self) -> int:
        """The port, which stays; 0 if there is none yet, as in a copy of another directory."""
        with suppress(OSError, ValueError):
            return int(self._port_file.read_text(encoding="utf-8"))
        return 0

    @property
    def _port_file(self) -> Path:
        return self.home / f"port-{self.home.stat().st_ino}"

    def url(self) -> str:
        """Return the URL, password included."""
        return self.url_format.format(self.password(), self.port)

    def password(self) -> str:
        """Return the password, which is random."""
        return (self.home / "password").read_text(encoding="utf-8")

    def runs(self) -> bool:
        """Tell whether the server runs."""
        return self.pid_file.exists() and self.answers()

    def start(self) -> None:
        """Initialise and start the server, as needed."""
        if self.runs():
            return
        draft = self.data.with_suffix(".new")
        if is_new := not self.data.exists():
            # Under another name until it is complete, so that nothing comes of half of it.
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode=PRIVATE)
            password = self.home / "password"
            password.touch(mode=0o600)
            password.write_text(secrets.token_hex(16), encoding="utf-8")
        self.prepare()
        if is_new:
            self.initialise(draft)
            draft.rename(self.data)
        # Below the ephemeral ports, which outgoing connections would take in between.
        others = random.sample(range(20_000, 32_768), 20)
        for port in filter(_is_free, [self.port or others[0], *others]):
            self._port_file.write_text(str(port), encoding="utf-8")
            try:
                self.start_on(port)
            except LocalServerError:
                self.stop()
                if _is_free(port):  # then the port was not what was wrong
                    raise
            else:
                return
        raise LocalServerError("No port from 20000 to 32767 seems to be free: stop what has them.")

    def run(self, program: Path, *options: str, cwd: Path) -> None:
        """Run one of the server's own programs, for 120 seconds at most."""
        # Into a file: a server that the program leaves behind would keep a pipe open.
        with (self.home / "setup.log").open("ab") as log:
            arguments = self.process_arguments(log)
            command = [str(program), *options]
            done = subprocess.run(command, cwd=cwd, timeout=120, check=False, **arguments)
        if done.returncode:
            problem = f"failed with exit code {done.returncode}"
            raise LocalServerError(f"{program.stem} {problem}; the logs are in {self.home}.")

    def process_arguments(self, log: IO[bytes]) -> dict[str, Any]:
        """Return arguments of `subprocess` for a process of the account that has `home`."""
        # The same messages and times on every machine.
        environment = os.environ | {"LC_ALL": "C", "TZ": "UTC"}
        arguments = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "env": environment}
        if not AS_ROOT:
            return arguments
        owner = self.home.stat()
        return arguments | {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}


def owns(data: Path, password: str | None) -> bool:
    """Return whether a server below `data` has this password."""
    with suppress(OSError):
        return password in {file.read_text(encoding="utf-8") for file in data.glob("*/password")}
    return False


def leave_root(home: Path) -> None:
    """Give a `home` of root's to "nobody", and what is in it to its owner: servers refuse root."""
    if sys.platform != "win32" and AS_ROOT:
        owner, nobody = home.stat(), pwd.getpwnam("nobody")
        ids = (owner.st_uid, owner.st_gid) if owner.st_uid else (nobody.pw_uid, nobody.pw_gid)
        for path in (home, *home.rglob("*")):
            os.chown(path, *ids, follow_symlinks=False)


def is_open(path: Path) -> bool:
    """Return whether every account can go to `path`; only root asks."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def plain_name(path: Path) -> Path:
    """Return the short name of a `path` that is not in ASCII, if Windows has one for it.

    Programs in the code page of Windows can't open every path, and PostgreSQL's put the bytes of
    paths into texts in UTF-8.
    """
    if sys.platform == "win32" and not str(path).isascii():
        name = ctypes.create_unicode_buffer(32_768)
        ctypes.windll.kernel32.GetShortPathNameW(str(path), name, len(name))
        return Path(name.value or path)
    return path


def _is_free(port: int) -> bool:
    with suppress(OSError), socket.create_server((HOST, port)):
        return True
    return False
