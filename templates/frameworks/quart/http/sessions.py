"""The sessions of a request: a block that ends before the route returns its answer.

Its COMMIT is therefore over before anything is sent, and one that fails is an error like any
other. Quart cancels the route when the client hangs up, which rolls back.
"""

from contextlib import AbstractAsyncContextManager

from quart import current_app
from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.db.session import ReadSession, Sessions
from app.kit.resources import SharedResources


def get_resources() -> SharedResources:
    """Return what requests and WebSockets share."""
    resources: SharedResources = current_app.extensions["resources"]
    return resources


def get_sessions() -> Sessions:
    """Return the session factories, for work that outlives its request, or a message."""
    return get_resources().sessions


def begin_write() -> AbstractAsyncContextManager[AsyncSession]:
    """Return a session in a transaction, which is committed at the end of the block."""
    return get_sessions().write.begin()


def open_read() -> ReadSession:
    """Return a session that only reads, for `async with`."""
    return get_sessions().read()
