"""Standard output and standard error, which hold the log of the service.

Neither a reader that stops reading nor a character that they can't show stops the service.
"""

import atexit
import io
import logging
import os
import sys
import threading
import time
from queue import SimpleQueue
from typing import Any

LIMIT = 1_048_576
"""Bytes that may wait for a reader; lines beyond are dropped until it has read the others."""
BLOCK = 2048
"""Bytes to write at once, and the last line: pipes keep 4,096 of several processes apart."""
PAUSE = 0.005
"""Seconds between two writes, when there is little to write."""
PATIENCE = 1
"""Seconds that the end of a process waits for a reader."""

formatter = logging.Formatter()
"""That of the log."""
_queued: dict[str, "QueuedOutput"] = {}


def escape_unprintable() -> None:
    """Let standard output escape characters that it lacks, as standard error does."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def never_wait() -> None:
    """Let threads write what this process prints from now on, so that printing never waits."""
    escape_unprintable()
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, f"__{name}__")
        if name in _queued:
            _queued[name].never_wait()
        # Not where somebody else put a stream, such as pytest; and a debugger needs its terminal.
        elif (
            stream
            and stream in (getattr(sys, name), getattr(getattr(sys, name), "stream", None))
            and not (name == "stdout" and stream.isatty())
        ):
            stream.flush()
            _queued[name] = QueuedOutput(getattr(stream.buffer, "raw", stream.buffer))
            queued = io.TextIOWrapper(
                _queued[name],  # type: ignore[type-var]  # a stream that only writes
                encoding=stream.encoding,
                errors="backslashreplace",
                line_buffering=True,
            )
            if getattr(sys, name) is stream:
                setattr(sys, name, queued)
            _replace_in_handlers(stream, queued)


def catch_up() -> None:
    """Wait until all is written, but no longer than PATIENCE; then print without threads again."""
    for queued in _queued.values():
        queued.catch_up()


class QueuedOutput(io.RawIOBase):
    """A stream whose writers never wait: a thread writes what they hand over."""

    def __init__(self, target: io.RawIOBase) -> None:
        self._target = target
        # No locks: a signal, or garbage that is collected, may print in the midst of a print.
        self._queue: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        self._size = 0
        self._is_full = False
        self._lost = 0
        self._waits = False
        self._process = os.getpid()
        threading.Thread(target=self._write_on, name="output", daemon=True).start()
        atexit.register(self.catch_up)

    def write(self, data: Any) -> int:
        """Hand over `data`, or drop it if too much is waiting."""
        # A fork has no thread.
        if self._waits or self._process != os.getpid():
            self._write(data)
        elif self._is_full or self._size > LIMIT:
            self._is_full = True
            self._lost += bytes(data).count(b"\n")
        else:
            self._size += len(data)
            self._queue.put(bytes(data))
        return len(data)

    def never_wait(self) -> None:
        """Hand over what is written from now on."""
        self._waits = False

    def catch_up(self) -> None:
        """Wait until all is written; then write without the thread, unless nobody reads."""
        if self._process == os.getpid():
            written = threading.Event()
            self._queue.put(written)
            self._waits = written.wait(PATIENCE)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._target.fileno()

    def isatty(self) -> bool:
        return self._target.isatty()

    def _write_on(self) -> None:
        while True:
            lines, waiting = b"", None
            while not waiting and len(lines) < BLOCK and not (lines and self._queue.empty()):
                item = self._queue.get()
                if isinstance(item, bytes):
                    lines += item
                else:
                    waiting = item
            self._size -= len(lines)
            self._try_to_write(lines)
            if self._queue.empty():
                self._size, self._is_full = 0, False
                self._report_loss()
                # One line is written at once; under load, waking a thread costs more than a line.
                time.sleep(PAUSE)
            if waiting:
                waiting.set()

    def _report_loss(self) -> None:
        if lost := self._lost:
            self._lost = 0
            said = "%d lines of the log were dropped: nobody read it"
            record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, said, (lost,), None)
            if not self._try_to_write(f"{formatter.format(record)}{os.linesep}".encode()):
                self._lost += lost - 1

    def _try_to_write(self, data: bytes) -> bool:
        try:
            self._write(data)
        except _FAILURES:
            self._lost += data.count(b"\n")
            return False
        return True

    def _write(self, data: bytes) -> None:
        while data:
            data = data[self._target.write(data) or 0 :]


# The reader is gone, or the disk is full; or somebody closed the file.
_FAILURES = (OSError, ValueError)


def _replace_in_handlers(old: Any, new: Any) -> None:
    # A launcher other than `python -m app` has configured its loggers by now.
    for name in ("root", *logging.root.manager.loggerDict):
        for handler in logging.getLogger(name).handlers:
            if isinstance(handler, logging.StreamHandler) and handler.stream is old:
                handler.setStream(new)
