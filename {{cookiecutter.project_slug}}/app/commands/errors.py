"""What a person at the command line is told."""


class CommandError(Exception):
    """A command can't go on; the message is one sentence that says why and what to do."""
