"""A supervisor, which starts a local server for its first user and stops it after the last one.

Each user, a process, holds a shared lock. The supervisor, a process of its own, waits for the
exclusive lock. The system releases a lock however its holder ends, `kill -9` included, so no server
outlives its users. A list of process ids would fail: the system reuses them.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from devtools.local_server import PRIVATE, LocalServerError, Server, kept_port, leave_root, remove

if sys.platform == "win32":
    import msvcrt
    import secrets

    # A console of its own, without a window: Ctrl-C in ours does not reach it.
    _DETACHED = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    _BYTES = 1 << 16

    def _lock(file: BinaryIO, *, shared: bool = False) -> None:
        # Windows has no shared lock: a user locks one byte, and the supervisor all of them.
        file.seek(secrets.randbelow(_BYTES) if shared else 0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1 if shared else _BYTES)

    def _unlock(file: BinaryIO) -> None:
        """Do nothing: closing the file unlocks it."""
else:
    import fcntl

    _DETACHED = 0

    def _lock(file: BinaryIO, *, shared: bool = False) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)

    def _unlock(file: BinaryIO) -> None:
        # Closing is not enough while a forked child has the file open.
        fcntl.flock(file, fcntl.LOCK_UN)


_START_TIMEOUT = 150
"""Seconds for the first start; each step of it has a limit of its own."""


@contextmanager
def running(server: Server, module: str) -> Iterator[str]:
    """Keep `server` running for the length of the block, and yield its URL.

    `python -m module HOME EPHEMERAL` must call `supervise` for the same server. Raises
    LocalServerError when it does not start.
    """
    before = kept_port(server.home)
    supervisor: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + _START_TIMEOUT
    try:
        with _open_users(server) as users:
            # A supervisor that is stopping the server holds the lock: wait, then start another.
            while not (_try_lock(users, shared=True) and _is_ready(server)):
                if supervisor and supervisor.poll():
                    raise LocalServerError(_failure_of(server))
                if time.monotonic() > deadline:
                    raise LocalServerError(f"{server.home} is locked, but no server answers.")
                if not _is_supervised(server) and (supervisor is None or supervisor.poll() == 0):
                    supervisor = _start_supervisor(server, module)
                time.sleep(0.05)
            if before not in {0, port := kept_port(server.home)}:
                notice = f"Port {before} is in use by something else: {server.name} has {port} now."
                print(notice, file=sys.stderr)
            try:
                yield server.url()
            finally:
                _unlock(users)
    finally:
        if supervisor and server.ephemeral:
            supervisor.wait()
        elif supervisor:
            supervisor.returncode = 0  # it outlives us for as long as others use the server


def supervise(server: Server) -> None:
    """Start `server`, again after a crash, and stop it when its last user has gone."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    ready = server.home / "ready"
    # `lock` is released first: a process that then gets `users` finds no supervisor, so starts one.
    with (server.home / "users").open("ab") as users, (server.home / "lock").open("ab") as lock:
        if not _try_lock(lock):
            return
        try:
            while not _try_lock(users):
                if not ready.exists():
                    leave_root(server.home)
                    server.start()
                    ready.touch()
                time.sleep(0.05)
        except LocalServerError as error:
            sys.exit(str(error))
        finally:
            server.stop()
            ready.unlink(missing_ok=True)
    if server.ephemeral:
        # Windows deletes no file that is open: our own output.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        remove(server.home)


def _open_users(server: Server) -> BinaryIO:
    try:
        server.home.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        return (server.home / "users").open("ab")
    except OSError as error:
        raise LocalServerError(
            f"No database can be kept in {server.home} ({error.strerror}): make it writable, "
            "or set DATABASE_URL to a database that runs elsewhere."
        ) from error


def _try_lock(file: BinaryIO, *, shared: bool = False) -> bool:
    try:
        _lock(file, shared=shared)
    except OSError:
        return False
    return True


def _is_supervised(server: Server) -> bool:
    with (server.home / "lock").open("ab") as lock:
        return not _try_lock(lock, shared=True)


def _is_ready(server: Server) -> bool:
    ready = server.home / "ready"
    if not (_is_supervised(server) and ready.exists()):
        return False
    if server.answers(kept_port(server.home)):
        return True
    ready.unlink(missing_ok=True)  # it has crashed: the supervisor starts it again
    return False


def _start_supervisor(server: Server, module: str) -> "subprocess.Popen[bytes]":
    if not server.ephemeral:
        print(f"{server.name} starts, with its data in {server.home}.", file=sys.stderr)
    (server.home / "ready").unlink(missing_ok=True)  # of a supervisor that was killed
    places = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, places)), "PYTHONUTF8": "1"}
    with (server.home / "supervisor.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, server.home, str(server.ephemeral)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | paths,
            start_new_session=True,
            creationflags=_DETACHED,
        )


def _failure_of(server: Server) -> str:
    log = (server.home / "supervisor.log").read_text(encoding="utf-8", errors="replace")
    return "".join(log.splitlines()[-1:]) or f"The supervisor in {server.home} was killed."
