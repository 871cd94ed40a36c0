"""psycopg's connection, which does not wait for a server that went silent."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import RV, PQGen
from psycopg.errors import ConnectionTimeout
from psycopg.pq import TransactionStatus
from psycopg.waiting import Wait


async def connect(
    *conninfo: str, silence_timeout: float | None, cancel_timeout: float, **arguments: Any
) -> "ServiceConnection":
    """Return an open connection; ServiceConnection says what its limits are."""
    try:
        connection = await ServiceConnection.connect(*conninfo, **arguments)
    except ConnectionTimeout as error:
        # How other drivers say it.
        raise error from TimeoutError()
    connection.silence_timeout = silence_timeout
    connection.cancel_timeout = cancel_timeout
    return connection


class ServiceConnection(AsyncConnection[Any]):
    """A connection that gives up a server from which no answer comes."""

    silence_timeout: float | None = None
    """Seconds after which a statement without an answer is cancelled, or None."""
    cancel_timeout: float = 5
    """Seconds that the server may take to end a statement that was cancelled."""
    _timer: asyncio.TimerHandle | None = None

    @property
    def is_dead(self) -> bool:
        """Whether it is known to be lost, without asking the server."""
        try:
            # Twice: a server that stops says so before it hangs up, and one read may end in
            # between.
            self.pgconn.consume_input()
            self.pgconn.consume_input()
        except OperationalError:
            return True
        return False

    @property
    def waits(self) -> bool:
        """Whether a caller waits for the server's answer."""
        return self.pgconn.transaction_status == TransactionStatus.ACTIVE

    def hang_up(self) -> None:
        """Close it without telling the server; a waiting caller gets OperationalError at once."""
        with suppress(OperationalError, OSError):
            # Not closed: that is libpq's to do, when nobody waits for the socket any more.
            ours = socket.socket(fileno=self.pgconn.socket)
            try:
                ours.shutdown(socket.SHUT_RDWR)
            finally:
                ours.detach()

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is psycopg's
    ) -> RV:
        """Wait as psycopg does; raise OperationalError if the server went silent."""
        try:
            awaited = next(gen)
        except StopIteration as done:
            # Most of what a pool asks of a connection: no clock for what is done at once.
            return await super().wait(_ended(done.value), interval)
        try:
            async with asyncio.timeout(None) as limit:
                if self.silence_timeout is not None:
                    # Then it is a cancellation, and so comes to `cancel_safe`.
                    self._once_silent(self.silence_timeout, lambda: limit.reschedule(0))
                return await super().wait(_resumed(gen, awaited), interval, timeout)
        except TimeoutError as error:
            raise OperationalError("The server went silent.") from error
        finally:
            if self._timer:
                self._timer.cancel()

    async def cancel_safe(self, *, timeout: float = 30) -> None:  # noqa: ASYNC109  the signature is psycopg's
        """Ask the server to end the statement, and hang up if it does not.

        Raises psycopg.Error if the server does not hear it.
        """
        self._once_silent(self.cancel_timeout, self.hang_up)
        await super().cancel_safe(timeout=min(timeout, self.cancel_timeout))

    def _once_silent(self, seconds: float, give_up: Callable[[], None]) -> None:
        def look() -> None:
            # Not if it only listens: then the server owes it nothing.
            if self.waits:
                give_up()

        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, look)


def _ended(value: RV) -> PQGen[RV]:
    return value
    yield  # which makes it a generator


def _resumed(gen: PQGen[RV], awaited: Wait) -> PQGen[RV]:
    # As `gen` was before it said what it waits for.
    try:
        while True:
            awaited = gen.send((yield awaited))
    except StopIteration as done:
        value: RV = done.value
        return value
