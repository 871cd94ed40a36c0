"""Liveness checks: connections are checked before reuse, and a silent server is given up."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.kit.db.settings import DatabaseSettings

PING_AFTER = 1.0
"""Seconds without use after which a connection is checked before it is used again."""
RENEW_AFTER = 5.0
"""Seconds between two renewals of the pool because of a read-only server."""


def silence_timeout(settings: DatabaseSettings) -> float | None:
    """Return the seconds after which a server that says nothing is given up, or None."""
    # The server ends a long statement; our own limit is for a server that went silent.
    return settings.db_statement_timeout + 5 if settings.db_statement_timeout else None


def leave_read_only_servers(engine: Engine, refused: Callable[[ExceptionContext], bool]) -> None:
    """Replace the connections of `engine` when the server refuses a write (`refused`).

    After a failover, new connections go to the server that accepts writes. If that one refuses
    writes, too, they stay for RENEW_AFTER seconds: else each write would cost a pool.
    """
    renewed = -math.inf

    def renew(context: ExceptionContext) -> None:
        nonlocal renewed
        if time.monotonic() - renewed >= RENEW_AFTER and refused(context):
            renewed = time.monotonic()
            context.is_disconnect = True

    event.listen(engine, "handle_error", renew)


class Liveness:
    """The check of idle connections of an engine.

    Costs no round trip while they are in use, unlike pool_pre_ping.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        settings: DatabaseSettings,
        *,
        is_dead: Callable[[Any], bool],
        hang_up: Callable[[Any], None],
    ) -> None:
        """Take from the driver what it alone knows of its connections.

        `is_dead` says whether one is known to be lost, without asking the server. `hang_up` closes
        one without a message to the server, and a caller that waits for an answer on it gets an
        error at once: a cancellation would be sent to the server first.
        """
        self._dialect = engine.dialect
        self._no_answer = (engine.dialect.loaded_dbapi.Error, OSError)
        self._is_dead = is_dead
        self._hang_up = hang_up
        self._ping_after = PING_AFTER if settings.db_liveness_check == "socket" else 0
        self._timeout = settings.db_ping_timeout
        self._server_is_silent = False

    def watch(self, engine: AsyncEngine) -> None:
        """Check the connections of `engine` from now on."""
        event.listen(engine.sync_engine, "checkin", self._note_time)
        event.listen(engine.sync_engine, "checkout", self._check)
        event.listen(engine.sync_engine, "connect", self._note_answer)
        event.listen(engine.sync_engine, "close", self._limit_goodbye)

    def _note_time(self, _connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["at_rest_since"] = time.monotonic()

    def _check(
        self, connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        if (since := entry.info.get("at_rest_since")) is None:
            return
        must_ask = time.monotonic() - since >= self._ping_after
        dead = self._is_dead(connection.driver_connection)
        if dead or (must_ask and not self._answers(connection)):
            # The pool makes another connection in its place.
            raise DisconnectionError

    def _answers(self, connection: DBAPIConnection) -> bool:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._timeout, self._hang_up, connection.driver_connection)
        try:
            self._dialect.do_ping(connection)
        except self._no_answer:
            return False
        finally:
            timer.cancel()
        return True

    def _note_answer(self, _connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        self._server_is_silent = False

    # Some drivers wait until the server hangs up too. A pool is closed connection by connection:
    # when one of them waited in vain, the others don't.

    def _limit_goodbye(self, connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        delay = 0 if self._server_is_silent else self._timeout
        asyncio.get_running_loop().call_later(delay, self._give_up, connection, entry)

    def _give_up(self, connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        if entry.dbapi_connection is connection:
            self._server_is_silent = True
            self._hang_up(connection.driver_connection)
