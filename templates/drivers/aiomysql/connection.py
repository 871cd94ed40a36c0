"""aiomysql's connection, with what the service needs beyond it."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from aiomysql import Connection, SSCursor  # type: ignore[import-untyped]
from pymysql.constants import CLIENT, CR  # type: ignore[import-untyped]
from pymysql.err import OperationalError  # type: ignore[import-untyped]

T = TypeVar("T")


async def connect(*, connect_timeout: float, **arguments: Any) -> "ServiceConnection":
    """Return an open connection.

    Raises pymysql.err.OperationalError if it takes longer than `connect_timeout` seconds:
    aiomysql's own limit covers only the TCP connection.
    """
    connection = ServiceConnection(**arguments)
    try:
        async with asyncio.timeout(connect_timeout):
            await connection._connect()  # noqa: SLF001  what aiomysql.connect() calls
        connection.ensure_tls()
    except TimeoutError as error:
        connection.close()
        raise OperationalError(CR.CR_CONN_HOST_ERROR, "The server says nothing.") from error
    except BaseException:
        connection.close()
        raise
    return connection


class ServiceConnection(Connection):  # type: ignore[misc]  # has no types
    """A connection that never falls back to plain text, and never waits for ever."""

    def __init__(self, *, read_timeout: float | None, **arguments: Any) -> None:
        """Give up a server that sends nothing for `read_timeout` seconds."""
        super().__init__(**arguments)
        self._read_timeout = read_timeout
        self._leaving: asyncio.StreamWriter | None = None

    @property
    def is_dead(self) -> bool:
        """Whether it is known to be lost, without asking the server."""
        return self._reader is None or self._reader.at_eof() or bool(self._reader.exception())

    def hang_up(self) -> None:
        """Close it without telling the server; a waiting caller gets OperationalError at once."""
        if writer := self._writer or self._leaving:
            # Over TLS, close() would wait for the server's close_notify.
            writer.transport.abort()
        self.close()

    async def ensure_closed(self) -> None:
        """Close it, and wait until the socket is closed: with TLS, the server answers first.

        aiomysql does not wait, and an event loop that ends meanwhile leaves the socket behind.
        """
        self._leaving = self._writer
        await super().ensure_closed()
        if self._leaving:
            with suppress(OSError):
                await self._leaving.wait_closed()

    async def rollback(self) -> None:
        """Roll the transaction back, in no round trip if there is none."""
        if self.streams:
            self.close()
        elif not self.closed and self.get_transaction_status():
            await super().rollback()

    @property
    def streams(self) -> bool:
        """Whether the rest of a result is still to come.

        If nobody wants it, nothing stops the server except hanging up; the pool finds the
        connection dead and makes another.
        """
        return self._result is not None and bool(self._result.unbuffered_active)

    def cursor(self, *classes: type) -> Any:
        """Return a cursor; one for streams hangs up if it is closed too early."""
        return super().cursor(*(_Stream if issubclass(cls, SSCursor) else cls for cls in classes))

    def ensure_tls(self) -> None:
        """Raise OperationalError if TLS was asked for and is not there."""
        if self._ssl_context and not self._writer.get_extra_info("ssl_object"):
            raise OperationalError(CR.CR_SSL_CONNECTION_ERROR, "The server offers no TLS.")

    async def _request_authentication(self) -> None:
        # aiomysql would go on in plain text, with the password next.
        if self._ssl_context and not self.server_capabilities & CLIENT.SSL:
            raise OperationalError(CR.CR_SSL_CONNECTION_ERROR, "The server offers no TLS.")
        await super()._request_authentication()

    async def _read_query_result(self, unbuffered: bool = False) -> None:  # noqa: FBT001, FBT002  the signature is aiomysql's
        await self.unless_silent(super()._read_query_result(unbuffered=unbuffered))

    async def _read_ok_packet(self) -> Any:
        return await self.unless_silent(super()._read_ok_packet())

    async def unless_silent(self, answer: Awaitable[T]) -> T:
        """Return the answer; raise OperationalError if it takes too long."""
        try:
            async with asyncio.timeout(self._read_timeout):
                return await answer
        except TimeoutError as error:
            self.close()
            raise OperationalError(CR.CR_SERVER_LOST, "The server went silent.") from error


class _Stream(SSCursor):  # type: ignore[misc]  # has no types
    _connection: Any

    async def _show_warnings(self, connection: object) -> None:
        """Do nothing: as SQLAlchemy has it for aiomysql's cursors."""

    async def _read_next(self) -> Any:
        return await self._connection.unless_silent(super()._read_next())

    async def close(self) -> None:
        connection = self._connection
        if connection and connection.streams:
            connection.close()
        if connection and connection.closed:
            self._connection = None
        await super().close()
