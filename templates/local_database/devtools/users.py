"""The users of a local server, and the watchers, which start it and stop it after the last user.

Each user, a process, holds a shared lock and starts a watcher, a process of its own. One watcher
stays and waits for the exclusive lock. The system releases a lock however its holder ends, `kill
-9` included. A list of process ids would fail: the system reuses them.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from devtools.local_server import PRIVATE, LocalServer, LocalServerError

if sys.platform == "win32":
    import msvcrt
    import secrets

    # A console of its own, without a window: Ctrl-C in ours does not reach it.
    _DETACHED = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    _BYTES = 1 << 16
else:
    import fcntl

    _DETACHED = 0

_READY = "ready"


@contextmanager
def running(server: LocalServer) -> Iterator[str]:
    """Keep `server` running for the length of the block, and yield its URL.

    `python -m` the module of its class, with HOME and EPHEMERAL, must `watch` the same server.
    """
    try:
        server.home.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        (server.home / "users").touch()
    except OSError as error:
        raise LocalServerError(
            f"No database can be kept in {server.home} ({error.strerror}): make it writable, "
            "or set DATABASE_URL to a database that runs elsewhere."
        ) from error
    watcher = None
    try:
        # If the server is being stopped, this waits for the end of it.
        with _locked(server.home / "users", shared=True):
            before = server.port
            if not (server.ephemeral or server.runs()):
                print(f"{server.name} starts, with its data in {server.home}.", file=sys.stderr)
            watcher = _start_watcher(server)
            if before not in {0, port := server.port}:
                notice = f"Port {before} is in use by something else: {server.name} has {port} now."
                print(notice, file=sys.stderr)
            yield server.url()
    finally:
        if watcher is not None and server.ephemeral:
            watcher.wait()
        elif watcher is not None:
            watcher.returncode = 0  # it outlives us for as long as others use the server


def watch(server: LocalServer) -> None:
    """Start `server`, print that it is ready, and stop it after its last user."""
    for name in {"SIGINT", "SIGTERM", "SIGHUP"} & {*dir(signal)}:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    with (server.home / "watching").open("ab") as watching:
        said = _READY
        with _locked(server.home / "start"):
            stays = _try_lock(watching) or not server.runs()
            try:
                server.start()
            except (LocalServerError, subprocess.TimeoutExpired) as error:
                said, stays = str(error), False
        with suppress(OSError):  # who has started us may be gone
            print(said, flush=True)
        if not stays:
            return
        with _locked(server.home / "users"):
            server.stop()
    if server.ephemeral:
        remove(server.home)


def remove(folder: Path) -> None:
    """Delete `folder`; on Windows a process's files stay in use for a moment after its end."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            break
        time.sleep(0.1)


def _start_watcher(server: LocalServer) -> "subprocess.Popen[str]":
    places = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, places)), "PYTHONUTF8": "1"}
    module = type(server).__module__
    with (server.home / "watcher.log").open("ab") as log:
        watcher = subprocess.Popen(
            [sys.executable, "-P", "-m", module, server.home, "ephemeral" * server.ephemeral],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            errors="replace",
            env=os.environ | paths,
            start_new_session=True,
            creationflags=_DETACHED,
        )
    said = ""
    if watcher.stdout:
        with watcher.stdout as output:
            said = output.readline().strip()
    if said != _READY:
        watcher.wait()
        raise LocalServerError(said or f"The watcher failed; its log is in {server.home}.")
    return watcher


@contextmanager
def _locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    with path.open("ab") as file:
        while not _try_lock(file, shared=shared):
            time.sleep(0.05)
        try:
            yield
        finally:
            if sys.platform != "win32":
                # Closing is not enough while a forked child has the file open.
                fcntl.flock(file, fcntl.LOCK_UN)


def _try_lock(file: BinaryIO, *, shared: bool = False) -> bool:
    try:
        if sys.platform == "win32":
            # There are no shared locks: a user locks one byte of many, and a watcher all of them.
            file.seek(secrets.randbelow(_BYTES) if shared else 0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1 if shared else _BYTES)
        else:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
