"""The event loop, chosen before anything imports a database driver.

Every entry point imports this module first. It gives the loop in the three ways in
which servers and tools ask for one, and guards against those that do not ask:

- `new_event_loop`, the factory to hand to whoever lets us choose;
- `run`, for the loops that we start ourselves;
- the policy, set on import, for loops that others create (until Python 3.16);
- `ensure_compatible_loop`, which refuses to go on when all of these were bypassed.
"""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

# {% if cookiecutter.windows_event_loop == "selector" %}
if sys.platform == "win32":
    import warnings
    from asyncio import SelectorEventLoop as WindowsLoop

    if sys.version_info < (3, 16):
        with warnings.catch_warnings():
            # Policies are deprecated from 3.14 on, yet the only way to reach these callers.
            warnings.simplefilter("ignore", DeprecationWarning)
            asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
# {% elif cookiecutter.windows_event_loop == "winloop" %}
if sys.platform == "win32":
    import warnings

    from winloop import EventLoopPolicy
    from winloop import Loop as WindowsLoop

    if sys.version_info < (3, 16):
        with warnings.catch_warnings():
            # Policies are deprecated from 3.14 on, yet the only way to reach these callers.
            warnings.simplefilter("ignore", DeprecationWarning)
            asyncio.set_event_loop_policy(EventLoopPolicy())
# {% else %}
if sys.platform == "win32":
    # No policy to set: this is the loop that Windows has by default.
    from asyncio import ProactorEventLoop as WindowsLoop
# {% endif %}

T = TypeVar("T")

START_COMMAND = "python -m app"
LOOP_FACTORY = "app.event_loop:new_event_loop"


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop of the kind chosen for this system."""
    if sys.platform == "win32":
        return WindowsLoop()
    try:
        import uvloop  # noqa: PLC0415  optional, and never on Windows
    except ImportError:
        return asyncio.SelectorEventLoop()
    return uvloop.new_event_loop()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on a new event loop and return its result.

    Raises RuntimeError if a loop already runs in this thread: there, await `main`.
    """
    if _is_running():
        main.close()
        raise RuntimeError(
            "An event loop is already running in this thread: await the coroutine here, "
            "or run it in another thread with `await asyncio.to_thread(run, …)`."
        )
    # asyncio.run() takes a loop factory only from Python 3.12 on.
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)


def ensure_compatible_loop(*, of_server: bool = False) -> None:
    """Raise RuntimeError if the running loop is not the one that this project chose.

    In the process `of_server`, no traceback is printed then, which would bury the sentence.

    # {% if cookiecutter.__web %}
    Several servers create the loop themselves on Windows and consult neither us nor the
    policy: uvicorn with one process, `fastapi run`, `litestar run`, granian.
    # {% else %}
    From Python 3.16 on there is no policy, and whoever calls asyncio.run() gets its default.
    # {% endif %}
    """
    if sys.platform == "win32" and not isinstance(asyncio.get_running_loop(), WindowsLoop):
        if of_server:
            sys.tracebacklimit = 0
        raise RuntimeError(
            f"This project runs on {loop_name(WindowsLoop)}, but the running loop is "
            f"{loop_name(type(asyncio.get_running_loop()))}: "
            f"start the service with `{START_COMMAND}`"
            # {% if cookiecutter.__server == "uvicorn" %}
            f" or `uvicorn app.main:app --loop {LOOP_FACTORY}`"
            # {% endif %}
            ", and other code with `app.event_loop.run`."
        )


def loop_name(loop: type[asyncio.AbstractEventLoop]) -> str:
    """Return how people know this kind of loop, such as "asyncio.SelectorEventLoop"."""
    name = loop.__name__.removeprefix("_Windows").removeprefix("_Unix")
    return f"{loop.__module__.partition('.')[0]}.{name}"


def _is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
