"""What goes on beside a test, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def background(work: Callable[[threading.Event], object]) -> Iterator[None]:
    """Let `work` go on until the end of the block, which its event tells it.

    What it raises is raised there.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(work, stop)
        try:
            yield
        finally:
            stop.set()
            # Also if the block failed: this may be why.
            done.result()
