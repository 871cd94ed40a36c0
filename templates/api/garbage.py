"""Garbage collection, tuned for a process that serves."""

import gc

THRESHOLDS = (50_000, 20, 50)
"""Objects in the youngest generation that start a collection (Python's default: 700 or 2,000),
and how many collections of a generation lead to one of the next."""


def tune_garbage_collection() -> None:
    """Leave alone what exists by now, and look less often for garbage among the rest.

    A service that has started keeps its modules, and requests leave few cycles behind: searching
    all of that again and again takes time, and shows in the slowest requests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
