"""asyncmy's connection, with what the service needs beyond it."""

import asyncio
from typing import Any

from asyncmy.connection import Connection, MySQLResult
from asyncmy.constants.CR import CR_CONN_HOST_ERROR
from asyncmy.errors import OperationalError


async def connect(*, connect_timeout: float, **arguments: Any) -> "ServiceConnection":
    """Return an open connection.

    Raises asyncmy.errors.OperationalError if it takes longer than `connect_timeout` seconds:
    asyncmy's own limit covers only the TCP connection.
    """
    connection = ServiceConnection(**arguments)  # type: ignore[no-untyped-call]
    try:
        async with asyncio.timeout(connect_timeout):
            await connection.connect()
    except TimeoutError as error:
        raise OperationalError(CR_CONN_HOST_ERROR, "The server says nothing.") from error
    return connection


class ServiceConnection(Connection):
    """A connection that knows when there is nothing to roll back."""

    # asyncmy's own, which its types leave out.
    _connected: bool
    _transport: asyncio.Transport | None
    _result: MySQLResult | None
    _stream_broken: bool

    @property
    def is_dead(self) -> bool:
        """Whether it is known to be lost, without asking the server."""
        return not self._connected or self._stream_broken

    def hang_up(self) -> None:
        """Close it without telling the server; a waiting caller gets OperationalError at once."""
        if self._transport:
            # Over TLS, close() would wait for the server's close_notify.
            self._transport.abort()
        self.close()

    async def rollback(self) -> None:
        """Roll the transaction back, in no round trip if there is none."""
        if self._result is not None and self._result.unbuffered_active:
            # A stream that nobody wants to the end. Nothing stops the server but hanging up;
            # the pool finds the connection dead and makes another.
            self.close()
        elif self.get_transaction_status():
            await super().rollback()
