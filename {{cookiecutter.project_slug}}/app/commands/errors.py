"""What a person at the command line is told."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class CommandError(Exception):
    """A command can't go on; the message is one sentence that says why and what to do."""


@contextmanager
def told() -> Iterator[None]:
    """End the program with what a CommandError says."""
    try:
        yield
    except CommandError as error:
        sys.exit(str(error))
