"""A process that owns a local server for as long as somebody wants it, and no longer.

The supervisor starts the server and then reads from a pipe. The system closes that pipe
however the other end's owner ends, `kill -9` included, so no server outlives the program
or the test run that asked for it.

Who owns a server's directory is settled by a lock on a file in it, never by a process id:
the system drops the lock together with its holder, but gives the id to somebody else.
"""

import json
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

from devtools.local_server import PRIVATE, LocalServerError, Server, leave_root

if sys.platform == "win32":
    import msvcrt

    # A console of its own, without a window: Ctrl-C in ours does not reach it.
    _DETACHED = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    import fcntl

    _DETACHED = 0

_LOCK_SECONDS = 150


@contextmanager
def supervised(module: str, *arguments: str) -> Iterator[str]:
    """Run `python -m module --supervise arguments` and yield the URL that it reports.

    Raises LocalServerError when it reports an error instead.
    """
    project = Path(__file__).resolve().parents[1]
    with subprocess.Popen(
        [sys.executable, "-P", "-m", module, "--supervise", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=os.environ | {"PYTHONPATH": str(project)},
        start_new_session=True,
        creationflags=_DETACHED,
    ) as supervisor:
        try:
            # No time limit: every step of the supervisor has its own.
            report = json.loads(next(iter(supervisor.stdout or ()), b"{}"))
            if "url" not in report:
                raise LocalServerError(report.get("error", "The local server's supervisor died."))
            yield report["url"]
        finally:
            # A byte and not just the end of the pipe: a forked child may hold the pipe open.
            supervisor.communicate(b"\n")


def supervise(server: Server) -> None:
    """Own `server` until standard input says otherwise; the other end of `supervised`.

    If another supervisor owns it already, report that one's URL and return.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    for descriptor in (0, 1):  # or the server would inherit our ends of the pipes
        os.set_inheritable(descriptor, False)  # noqa: FBT003  takes no keyword
    failed = True
    try:
        server.home.mkdir(mode=PRIVATE, parents=True, exist_ok=not server.ephemeral)
        with (server.home / "lock").open("ab") as lock:
            _own_or_adopt(server, lock)
        failed = False
    except LocalServerError as error:
        _report(error=str(error))
    except (OSError, LookupError, ValueError) as error:
        _report(error=f"No local server can run in {server.home}: {error}")
    if server.ephemeral:
        _remove(server.home, keep_logs=failed)


def _own_or_adopt(server: Server, lock: BinaryIO) -> None:
    deadline = time.monotonic() + _LOCK_SECONDS
    while not _is_locked_by_us(lock):
        if url := _running(server):
            _report(url=url)
            return
        if time.monotonic() > deadline:
            raise LocalServerError(f"{server.home} is locked, but no server answers for it.")
        time.sleep(0.1)
    _own(server)


def _is_locked_by_us(lock: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _running(server: Server) -> str | None:
    try:
        port = json.loads((server.home / "state.json").read_text(encoding="utf-8"))["port"]
        return server.url(port) if server.answers(port) else None
    except OSError:  # the server is not up yet, or no longer
        return None


def _own(server: Server) -> None:
    state = server.home / "state.json"
    state.unlink(missing_ok=True)  # of an owner that was killed
    leave_root(server.home)
    try:
        port = server.start()
        draft = state.with_suffix(".new")
        draft.write_text(json.dumps({"port": port}), encoding="utf-8")
        draft.rename(state)  # at once, so that nobody reads half of it
        _report(url=server.url(port))
        os.read(0, 1)  # a byte when the owner is done, nothing when it is gone
    finally:
        with suppress(OSError):  # on Windows, while somebody reads it
            state.unlink(missing_ok=True)
        server.stop()


def _report(**report: str) -> None:
    with suppress(BrokenPipeError), open(1, "wb", closefd=False) as output:
        output.write(json.dumps(report).encode() + b"\n")


def _remove(home: Path, *, keep_logs: bool) -> None:
    for directory in [*home.glob("*/")] if keep_logs else [home]:
        # On Windows a process's files stay in use for a moment after its end.
        for _ in range(50):
            shutil.rmtree(directory, ignore_errors=True)
            if not directory.exists():
                break
            time.sleep(0.1)
