"""Makes asyncio, and the modules that choose an event loop, behave as on Windows.

Python imports this at its start when this folder is on PYTHONPATH, in child processes too.
It proves which loop is chosen, and not how the real ProactorEventLoop works (IOCP) or how it
shuts down.

- Only the modules in `AS_ON_WINDOWS` see `sys.platform == "win32"`: those of the project,
  and those of other packages that choose a loop by the system. All else stays on this system.
- asyncio's default loop is a stand-in for Proactor, without `add_reader`; its selector loop
  is based on BaseSelectorEventLoop, so that it lacks what it lacks there: signal handlers,
  subprocesses, Unix sockets. It takes as many sockets as there.
- uvloop is not there; `winloop` is, and is uvloop, of which it is the port.

Environment: SIMULATED_WIN32_LOOPS is a file that gets a line "PID LOOP" for each loop that
runs; SIMULATED_WIN32_NO_POLICIES=1 takes away asyncio's policies, as Python 3.16 does.
"""

from __future__ import annotations

import asyncio
import builtins
import ctypes
import os
import platform
import select
import selectors
import signal
import socket
import sys
import warnings
from asyncio import events, selector_events, unix_events
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

AS_ON_WINDOWS = (
    "app",
    "aiohttp.web",
    "aiohttp.web_runner",
    "granian._loops",
    "hypercorn.asyncio.run",
    "psycopg.connection_async",
    "pymongo.network_layer",
    "quart.app",
    "sanic.compat",
    "sanic.server.loop",
    "tests.test_uvicorn",
    "uvicorn.loops",
    "uvicorn.server",
    "uvicorn.supervisors",
)
REPORT = os.environ.get("SIMULATED_WIN32_LOOPS")
NO_POLICIES = os.environ.get("SIMULATED_WIN32_NO_POLICIES") == "1"


class _Reported:
    """A loop that reports when it runs."""

    def run_forever(self) -> None:
        if REPORT:
            with Path(REPORT).open("a", encoding="utf-8") as report:
                report.write(f"{os.getpid()} {type(self).__name__}\n")
        super().run_forever()  # type: ignore[misc]


class _SelectSelector(selectors.SelectSelector):
    """Waits for no more sockets than `select()` takes on Windows: CPython's FD_SETSIZE there."""

    LIMIT, LIMIT_HERE = 512, 1024

    def _select(self, r: set[int], w: set[int], _: object, timeout: float | None = None) -> Any:
        excess = max(r, w, key=len)
        if len(excess) > self.LIMIT:
            # Python says what it says of too many: one socket so often is too many here.
            select.select([*excess][:1] * (self.LIMIT_HERE + 1), (), ())
        return select.select(r, w, (), timeout)


class _WindowsSelectorEventLoop(_Reported, selector_events.BaseSelectorEventLoop):
    """The selector loop, with as little as it can do on Windows."""

    __module__ = "asyncio.windows_events"

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        super().__init__(selector or _SelectSelector())


class ProactorEventLoop(_Reported, unix_events._UnixSelectorEventLoop):  # noqa: SLF001
    """A stand-in for the default loop: what it inherits unimplemented there, it does here."""

    __module__ = "asyncio.windows_events"

    _there = events.AbstractEventLoop
    add_reader, remove_reader = _there.add_reader, _there.remove_reader
    add_writer, remove_writer = _there.add_writer, _there.remove_writer
    add_signal_handler = _there.add_signal_handler
    remove_signal_handler = _there.remove_signal_handler
    create_unix_connection = _there.create_unix_connection
    create_unix_server = _there.create_unix_server

    # asyncio's own code for sockets calls what is public here.
    def _sock_read_done(self, fd: int, _future: Any, handle: Any = None) -> None:
        if handle is None or not handle.cancelled():
            self._remove_reader(fd)  # type: ignore[attr-defined]  # asyncio's own

    def _sock_write_done(self, fd: int, _future: Any, handle: Any = None) -> None:
        if handle is None or not handle.cancelled():
            self._remove_writer(fd)  # type: ignore[attr-defined]  # asyncio's own


_Policy: Any = type(asyncio.get_event_loop_policy()) if sys.version_info < (3, 14) else None
if _Policy is None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        _Policy = type(asyncio.get_event_loop_policy())


class WindowsProactorEventLoopPolicy(_Policy):  # type: ignore[misc]  # it has another name on each Python
    """The default one."""

    _loop_factory = ProactorEventLoop


class WindowsSelectorEventLoopPolicy(_Policy):  # type: ignore[misc]  # as above
    """The one that well-known advice sets."""

    _loop_factory = _WindowsSelectorEventLoop


POLICIES = (WindowsProactorEventLoopPolicy, WindowsSelectorEventLoopPolicy)


def _change_asyncio() -> None:
    for module in (asyncio, unix_events):
        setattr(module, "SelectorEventLoop", _WindowsSelectorEventLoop)  # noqa: B010  mypy knows it
    asyncio.ProactorEventLoop = ProactorEventLoop  # type: ignore[attr-defined]
    asyncio.EventLoop = ProactorEventLoop  # type: ignore[attr-defined]
    events._event_loop_policy = WindowsProactorEventLoopPolicy()  # type: ignore[attr-defined]  # noqa: SLF001
    if NO_POLICIES:
        _remove_policies()
    elif sys.version_info < (3, 14):
        for policy in POLICIES:
            setattr(asyncio, policy.__name__, policy)
    else:
        asyncio.__getattr__ = _deprecated_policy  # type: ignore[method-assign]


def _deprecated_policy(name: str) -> Any:
    for policy in POLICIES:
        if name == policy.__name__:
            message = f"'asyncio.{name}' is deprecated and slated for removal in Python 3.16"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            return policy
    raise AttributeError(f"module 'asyncio' has no attribute {name!r}")


def _remove_policies() -> None:
    for name in [name for name in dir(asyncio) if "policy" in name.lower()]:
        delattr(asyncio, name)
    # Where these are deprecated, from 3.14 on.
    vars(asyncio).pop("__getattr__", None)
    asyncio.new_event_loop = events.new_event_loop = ProactorEventLoop


class _Seen(ModuleType):
    """A module of this system, of which some attributes are as on Windows."""

    def __init__(self, real: ModuleType, **different: object) -> None:
        super().__init__(real.__name__)
        self.__dict__.update(different, _real=real)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._real, name, value)


def _change_what_modules_see() -> None:
    version = (3, 16, 0, "alpha", 0) if NO_POLICIES else sys.version_info
    seen = {
        "sys": _Seen(sys, platform="win32", version_info=version),
        "os": _Seen(os, name="nt"),
        "platform": _Seen(platform, system=lambda: "Windows"),
    }
    real_import = builtins.__import__

    def import_as_on_windows(
        name: str,
        globals: Any = None,  # noqa: A002
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> ModuleType:
        importer = str((globals or {}).get("__name__", ""))
        if name in seen and any(f"{importer}.".startswith(f"{it}.") for it in AS_ON_WINDOWS):
            return seen[name]
        return real_import(name, globals, locals, fromlist, level)

    builtins.__import__ = import_as_on_windows


def _add_what_modules_use() -> None:
    signal.SIGBREAK = signal.SIGUSR2  # type: ignore[attr-defined]
    # Servers hand their sockets to workers with these.
    socket.socket.share = lambda self, _pid: self.fileno()  # type: ignore[attr-defined]
    socket.fromshare = lambda number: socket.socket(fileno=os.dup(number))  # type: ignore[attr-defined]
    # Sanic makes the console show colours with it.
    ctypes.windll = MagicMock()  # type: ignore[attr-defined]


def _change_packages() -> None:
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        pass
    else:
        loop: Any = type("Loop", (_Reported, uvloop.Loop), {})
        policy = type("EventLoopPolicy", (_Policy,), {"_loop_factory": loop})
        winloop: Any = SimpleNamespace(Loop=loop, EventLoopPolicy=policy, new_event_loop=loop)
        sys.modules["winloop"] = winloop
    sys.modules["uvloop"] = None  # type: ignore[assignment]


_change_asyncio()
_change_packages()
_change_what_modules_see()
_add_what_modules_use()
