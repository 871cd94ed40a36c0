"""Errors of commands, for the person at the command line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.kit.log import configure_log


class CommandError(Exception):
    """A command failed; the message is one sentence that says why and what to do."""


@contextmanager
def exit_on_command_error() -> Iterator[None]:
    """End the program with the message of a CommandError; what it prints belongs to the log."""
    configure_log(prints=True)
    try:
        yield
    except CommandError as error:
        sys.exit(str(error))
