"""What ends a benchmark."""


class BenchmarkError(Exception):
    """There is nothing to report; the message says why, in one sentence."""
