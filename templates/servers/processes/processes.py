"""Processes of the service: several at once, or one that starts anew when the code changes."""

import logging
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Protocol

from app.kit.commands.command_error import CommandError
from app.kit.log import open_output

logger = logging.getLogger(__name__)

SIGNALS = [signal.SIGINT, signal.SIGTERM]
if sys.platform == "win32":
    # What one process can send to another there.
    SIGNALS.append(signal.SIGBREAK)

EXCEPTION = 1
"""The exit code of a process that ended because its target raised an exception."""

STOPPED_ON_WINDOWS = (BrokenPipeError, InterruptedError)
"""How Windows reports the end of a pipe, and Ctrl-C."""

_spawn = get_context("spawn")


class Stop(Protocol):
    """Whether to stop."""

    def is_set(self) -> bool:
        """Return whether somebody asked to stop."""


class StopSignals:
    """Set by the first signal that asks this process to stop."""

    def __init__(self) -> None:
        self._set = False
        for number in SIGNALS:
            signal.signal(number, self._handle)

    def is_set(self) -> bool:
        return self._set

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        # Not an Event, whose lock the interrupted code may hold.
        self._set = True


class _WorkerStop(StopSignals):
    def __init__(self, line: Connection) -> None:
        super().__init__()
        self._line = line

    def is_set(self) -> bool:
        # The pipe ends when the parent closes it, and when the parent is gone.
        try:
            return super().is_set() or self._line.poll()
        except STOPPED_ON_WINDOWS:
            return True


class Worker:
    """A process that runs `target(*arguments, stop)`."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        line, self._line = _spawn.Pipe(duplex=False)
        with line:
            self.process = _spawn.Process(target=_work, args=(line, target, *arguments))
            self.process.start()

    def ask_to_stop(self) -> None:
        """Let it finish what it does."""
        self._line.close()


def _work(line: Connection, target: Callable[..., None], *arguments: Any) -> None:
    open_output()
    try:
        target(*arguments, _WorkerStop(line))
    except CommandError as error:
        print(f"A worker could not start: {error}", file=sys.stderr)
        sys.exit(EXCEPTION)


def keep_running(number: int, stop: Stop, target: Callable[..., None], *arguments: Any) -> None:
    """Run `number` workers until `stop`, and replace those that end before.

    Raises CommandError if one of the first can't start.
    """
    workers = [Worker(target, *arguments) for _ in range(number)]
    first = set(workers)
    try:
        while not stop.is_set():
            with suppress(InterruptedError):  # so Windows reports Ctrl-C
                wait([worker.process.sentinel for worker in workers], timeout=0.1)
            for ended in [worker for worker in workers if not worker.process.is_alive()]:
                if not stop.is_set():
                    if ended in first and ended.process.exitcode == EXCEPTION:
                        raise CommandError(
                            "A worker could not start; what it wrote before says why."
                        )
                    logger.error("A worker ended (%s): starting another", ended.process.exitcode)
                    ended.ask_to_stop()
                    workers.remove(ended)
                    # One that can't start must not take the whole machine.
                    time.sleep(1)
                    workers.append(Worker(target, *arguments))
    finally:
        for worker in workers:
            worker.ask_to_stop()
        for worker in workers:
            worker.process.join()


def restart_on_change(
    folder: str, stop: Stop, target: Callable[..., None], *arguments: Any
) -> None:
    """Run one worker until `stop`, and another after each change of the code in `folder`."""
    # Here, because workers load this module and have no use for it.
    from watchfiles import PythonFilter, watch  # noqa: PLC0415

    worker, ended = Worker(target, *arguments), None
    try:
        for changes in watch(
            folder,
            watch_filter=PythonFilter(),
            stop_event=stop,
            rust_timeout=500,
            yield_on_timeout=True,
        ):
            if changes:
                worker.ask_to_stop()
                worker.process.join()
                worker = Worker(target, *arguments)
            elif worker is not ended and not worker.process.is_alive():
                ended = worker
                logger.error(
                    "The service ended (exit code %s): it starts again when the code changes",
                    worker.process.exitcode,
                )
    finally:
        worker.ask_to_stop()
        worker.process.join()
