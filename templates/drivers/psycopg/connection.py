"""psycopg's connection: it saves round trips, and does not wait for a server that went silent."""

import asyncio
import socket
from contextlib import suppress
from typing import Any, cast

from psycopg import (
    AsyncConnection,
    AsyncCursor,
    AsyncPipeline,
    Error,
    IsolationLevel,
    OperationalError,
    ProgrammingError,
)
from psycopg.abc import RV, Params, PQGen, Query
from psycopg.errors import ConnectionTimeout, _WaitTimeout
from psycopg.generators import send
from psycopg.pq import TransactionStatus

LEVELS = {level.name.replace("_", " "): level for level in IsolationLevel}


async def connect(
    *conninfo: str, silence_timeout: float | None, cancel_timeout: float, **arguments: Any
) -> "ServiceConnection":
    """Return an open connection; ServiceConnection says what its limits are."""
    try:
        connection = await ServiceConnection.connect(
            *conninfo, cursor_factory=ServiceCursor, **arguments
        )
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
    def is_idle(self) -> bool:
        """Whether it is in no transaction, and nobody uses it."""
        return self.pgconn.transaction_status == TransactionStatus.IDLE and not self._pipeline

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

    def begin_with(self, execution: PQGen[None]) -> PQGen[None]:
        """Send BEGIN and what `execution` sends, a statement, in one round trip."""
        self._pipeline = _BeginAndStatement(self, _no_lock=True)
        self.pgconn.enter_pipeline_mode()
        try:
            yield from execution
        finally:
            self.leave_pipeline()

    def leave_pipeline(self) -> None:
        """End the pipeline, if there is one; a connection that was lost in it stays lost."""
        if self._pipeline:
            self._pipeline = None
            with suppress(OperationalError):
                self.pgconn.exit_pipeline_mode()

    def set_level(self, level: str) -> None:
        """Set the isolation level, or AUTOCOMMIT, in one step that waits for nothing.

        Raises ProgrammingError in a transaction.
        """
        if not self.is_idle:
            raise ProgrammingError(f"In a transaction the level can't be changed to {level}.")
        self._autocommit = level == "AUTOCOMMIT"
        self._isolation_level = LEVELS.get(level)
        self._begin_statement = b""

    async def rollback(self) -> None:
        if not self.is_idle:
            await super().rollback()

    async def wait(
        self,
        gen: PQGen[RV],
        interval: float = 0.1,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is psycopg's
    ) -> RV:
        """Wait as psycopg does; raise OperationalError if the server went silent."""
        limit = self.silence_timeout if timeout is None else timeout
        try:
            while True:
                try:
                    return await super().wait(gen, interval, limit)
                except _WaitTimeout:
                    if timeout is not None:
                        raise
                # Not if it only listens: then the server owes it nothing.
                if self.waits:
                    break
            await self._try_cancel(timeout=self.cancel_timeout)
            with suppress(Error):
                await super().wait(gen, interval, self.cancel_timeout)
            if self.waits:
                self.pgconn.finish()
            raise OperationalError("The server went silent.") from TimeoutError()
        finally:
            if self._timer:
                self._timer.cancel()

    async def cancel_safe(self, *, timeout: float = 30) -> None:  # noqa: ASYNC109  the signature is psycopg's
        """Ask the server to end the statement, and hang up if it does not.

        Raises psycopg.Error if the server does not hear it.
        """
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.cancel_timeout, self._hang_up_if_silent)
        await super().cancel_safe(timeout=min(timeout, self.cancel_timeout))

    def _hang_up_if_silent(self) -> None:
        if self.waits:
            self.hang_up()


class ServiceCursor(AsyncCursor[Any]):
    """A cursor that sends BEGIN together with the first statement of a transaction."""

    def _execute_gen(
        self,
        query: Query,
        params: Params | None = None,
        *,
        prepare: bool | None = None,
        binary: bool | None = None,
    ) -> PQGen[None]:
        execution = super()._execute_gen(query, params, prepare=prepare, binary=binary)
        connection = cast("ServiceConnection", self.connection)
        # Without values its text may be several statements, which a pipeline refuses.
        if not params or connection.autocommit or not connection.is_idle:
            return execution
        return connection.begin_with(execution)


class _BeginAndStatement(AsyncPipeline):
    """A pipeline that is over with the answers to BEGIN and to one statement."""

    def _sync_gen(self) -> PQGen[None]:
        # Here psycopg would wait for the answer to BEGIN.
        yield from ()

    def _communicate_gen(self) -> PQGen[None]:
        self._enqueue_sync()
        for command in self.command_queue:
            command()
        yield from send(self.pgconn)
        try:
            yield from self._fetch_gen(flush=False)
        finally:
            # What psycopg does beside the statement is not for the pipeline.
            cast("ServiceConnection", self._conn).leave_pipeline()
