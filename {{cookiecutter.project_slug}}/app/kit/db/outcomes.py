"""How the transactions of a request ended, for the log.

The status tells the client. If the client is gone, only the log says whether a row was written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from sqlalchemy import event
from sqlalchemy.orm import Session

Outcome = Literal["committed", "rolled back", "commit failed"]

_outcomes: ContextVar[list[Outcome] | None] = ContextVar("outcomes", default=None)


class NotingSession(Session):
    """Notes how its transactions end."""


@contextmanager
def noted_outcomes() -> Iterator[list[Outcome]]:
    """Yield a list to which each transaction that is begun in the block adds how it ended.

    Those of tasks that the block starts do, too. A COMMIT that failed because the connection
    broke may still have been done.
    """
    outcomes: list[Outcome] = []
    token = _outcomes.set(outcomes)
    try:
        yield outcomes
    finally:
        _outcomes.reset(token)


@event.listens_for(NotingSession, "before_commit")
def _on_begun_commit(session: Session) -> None:
    session.info["committing"] = True


@event.listens_for(NotingSession, "after_commit")
def _on_commit(session: Session) -> None:
    session.info.pop("committing", None)
    _note(session, "committed")


@event.listens_for(NotingSession, "after_rollback")
def _on_rollback(session: Session) -> None:
    begun = session.info.pop("committing", False)
    _note(session, "commit failed" if begun else "rolled back")


def _note(session: Session, outcome: Outcome) -> None:
    outcomes = _outcomes.get()
    # A savepoint ends no transaction.
    if outcomes is not None and not session.in_nested_transaction():
        outcomes.append(outcome)
