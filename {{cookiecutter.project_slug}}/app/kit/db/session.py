"""Session factories: one that writes, and two that can only read."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from app.kit.db import driver
from app.kit.db.outcomes import NotingSession
from app.kit.db.session_lock import LockedSession

Joining = Literal["conditional_savepoint", "create_savepoint"]


class ReadSession(LockedSession):
    """A session that only reads; it raises ReadOnlyError for all that writes."""
    # {% if cookiecutter.__networked %}

    async def __aexit__(self, *error: object) -> None:
        # SQLAlchemy shields it, by a task. Alone and without a transaction it waits for nothing.
        at_once = self.info.get("in_transaction") is False
        await (self.close() if at_once and not self.lock.locked() else super().__aexit__(*error))
    # {% endif %}


@dataclass(frozen=True, slots=True)
class Sessions:
    """The session factories of the service.

    - `write`: one transaction. `async with sessions.write.begin() as session` commits at
      the end, and rolls back if an exception passes.
    - `read`: no transaction, so one round trip a query; each query sees what is committed
      at that moment.
    - `snapshot`: one read-only transaction, for several queries that must agree with
      each other, or for a result that is streamed.
    """

    write: async_sessionmaker[AsyncSession]
    read: async_sessionmaker[ReadSession]
    snapshot: async_sessionmaker[ReadSession]


# {% if cookiecutter.__networked %}
def create_sessions(engine: AsyncEngine, replica: AsyncEngine | None = None) -> Sessions:
    """Return the session factories of `engine`; those that only read are of `replica`, if any."""
    reader = replica or engine
    # {% else %}
def create_sessions(engine: AsyncEngine) -> Sessions:
    """Return the session factories of `engine`."""
    reader = engine
    # {% endif %}
    return Sessions(
        create_session_factory(engine),
        _create_read_factory(reader, driver.READ_OPTIONS, in_transaction=False),
        _create_read_factory(reader, driver.SNAPSHOT_OPTIONS, in_transaction=True),
    )


def create_session_factory(
    bind: AsyncEngine | AsyncConnection, *, joining: Joining = "conditional_savepoint"
) -> async_sessionmaker[AsyncSession]:
    """Return a factory of sessions that may write.

    `joining` is how they take part in a transaction that `bind` is already in.
    """
    kind: type[AsyncSession] = LockedSession
    return async_sessionmaker(
        bind,
        class_=kind,
        # A session that is used after its request would leak a connection.
        close_resets_only=False,
        expire_on_commit=False,
        join_transaction_mode=joining,
        sync_session_class=NotingSession,
    )


def _create_read_factory(
    engine: AsyncEngine, options: dict[str, Any], *, in_transaction: bool
) -> async_sessionmaker[ReadSession]:
    bind = engine.execution_options(reads_in_transaction=in_transaction)
    # As the engine's they would be an event, for which each connection makes dispatchers.
    connect = bind.sync_engine.connect
    bind.sync_engine.connect = lambda: connect().execution_options(**options)  # type: ignore[method-assign]
    info = {"in_transaction": in_transaction}
    return async_sessionmaker(
        bind, class_=ReadSession, close_resets_only=False, expire_on_commit=False, info=info
    )
