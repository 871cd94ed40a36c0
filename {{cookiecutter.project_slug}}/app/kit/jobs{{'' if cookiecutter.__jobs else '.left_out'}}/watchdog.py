"""A watchdog: it ends a worker that is blocked; its jobs are rolled back, and stay queued."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import format_stack
from typing import NoReturn

from app.kit.output import catch_up

logger = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks at the event loop."""


def end_process(why: str) -> NoReturn:
    """Log `why`, and end this process at once: the server rolls its transactions back."""
    logger.critical("%s This process ends; its jobs are rolled back and queued as before.", why)
    catch_up()
    # Not sys.exit, which waits for tasks and threads.
    os._exit(1)


@contextmanager
def watched_loop(limit: float) -> Iterator[None]:
    """End the process if its event loop is blocked for more than `limit` seconds; 0 is no limit.

    Such code can't be cancelled. The log says which it is.
    """
    loop, thread, stopped = asyncio.get_running_loop(), threading.get_ident(), threading.Event()

    def watch() -> None:
        while not stopped.wait(INTERVAL):
            answered = threading.Event()
            loop.call_soon_threadsafe(answered.set)
            if not answered.wait(limit) and not stopped.is_set():
                stack = "".join(format_stack(sys._current_frames()[thread]))  # noqa: SLF001  the only way
                end_process(f"A job blocked the event loop for {limit:g} s, in\n{stack}")

    if limit:
        threading.Thread(target=watch, name="watchdog", daemon=True).start()
    try:
        yield
    finally:
        stopped.set()
