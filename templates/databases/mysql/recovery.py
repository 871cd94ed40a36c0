"""Recovery from changes of the servers: of several, the one that takes writes is used."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection

from app.kit.db.error_codes import OUT_OF_CLUSTER, READ_ONLY, UNDOING, UNREACHABLE, code_of
from app.kit.db.liveness import leave_read_only_servers
from app.kit.db.settings import DatabaseSettings
from app.kit.db.undone import refuse_commits, refuse_more
from app.kit.db.url import servers_of

# Galera: a node that is out of its cluster would answer a query that names no table.
READY = "SELECT @@global.read_only FROM (SELECT 1) AS it"


def follow_changes(engine: Engine, settings: DatabaseSettings) -> None:
    """Let `engine` leave a server that refuses, and use the right one of several."""
    leave_read_only_servers(
        engine,
        lambda why: code_of(why.original_exception) in READ_ONLY | {OUT_OF_CLUSTER},
    )
    event.listen(engine, "handle_error", _leave_node)
    refuse_commits(engine, lambda _, why: code_of(why.original_exception) in UNDOING)
    for name in ("do_execute", "do_executemany"):
        event.listen(engine, name, _refuse_statement)
    if len(servers := servers_of(settings.sqlalchemy_url)) > 1:
        choose_server(engine, servers, writes=not settings.is_replica)


def choose_server(engine: Engine, servers: Sequence[tuple[str, int]], *, writes: bool) -> None:
    """Connect `engine` to the first of the `servers` that answers, and that takes writes if asked.

    Each has the driver's time limit for itself. The last one is taken as it is.
    """
    # Not by `do_connect`, which would keep the listeners behind it, as for passwords, from it.
    connect_to = engine.dialect.connect

    def connect(*arguments: Any, **parameters: Any) -> DBAPIConnection:
        *others, (last_host, last_port) = servers
        for host, port in others:
            place = {"host": host, "port": port}
            try:
                connection = connect_to(*arguments, **parameters | place)
                if _is_ready(connection, writes=writes):
                    return connection
            except (engine.dialect.loaded_dbapi.Error, OSError) as error:
                if not isinstance(error, OSError) and code_of(error) not in UNREACHABLE:
                    raise
        return connect_to(*arguments, **parameters | {"host": last_host, "port": last_port})

    engine.dialect.connect = connect  # type: ignore[method-assign]


def _is_ready(connection: DBAPIConnection, *, writes: bool) -> bool:
    """Return whether the server is the right one; else close the connection."""
    is_ready = False
    try:
        cursor = connection.cursor()
        cursor.execute(READY)
        [read_only] = cursor.fetchone() or [0]
        cursor.close()
        is_ready = not (read_only and writes)
    finally:
        if not is_ready:
            connection.close()
    return is_ready


def _leave_node(context: ExceptionContext) -> None:
    # Without the others: a proxy may have led them to other nodes.
    if code_of(context.original_exception) == OUT_OF_CLUSTER and not context.is_disconnect:
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False


def _refuse_statement(_cursor: object, statement: str, _parameters: object, context: Any) -> None:
    # After a deadlock each statement would commit itself. Of savepoints the server knows no more.
    if not statement.startswith(("RELEASE", "ROLLBACK")):
        refuse_more(context.root_connection)
