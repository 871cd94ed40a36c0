# {% if cookiecutter.__web %}
"""Fixtures: a real database with real migrations, sessions on it, and clients."""
# {% else %}
"""Fixtures: a real database with real migrations, and sessions on it."""
# {% endif %}

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import new_event_loop

import asyncio
# {% if cookiecutter.__web %}
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
# {% else %}
from collections.abc import AsyncIterator, Callable, Mapping
# {% endif %}
from contextlib import ExitStack

import pytest
# {% if cookiecutter.__web %}
from httpx2 import AsyncClient
from sqlalchemy import event
# {% endif %}
from sqlalchemy.ext.asyncio import AsyncEngine
# {% if cookiecutter.__web %}
from sqlalchemy.orm import Session
# {% endif %}

from app.kit.db.base import Base
from app.kit.db.engine import open_engine
from app.kit.db.session import Sessions, create_sessions
from app.settings import Settings
# {% if cookiecutter.__web %}
from tests.support.client import open_client
# {% endif %}
from tests.support.database import delete_rows, start_server
from tests.support.migrated import migrated_database
from tests.support.one_connection import sessions_on

_server = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the database server, once, in the process that starts the others."""
    if not hasattr(config, "workerinput"):
        start_server(_server)


def pytest_unconfigure() -> None:
    _server.close()


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run the tests on the loop that the service runs on."""
    return {"app": new_event_loop}


@pytest.fixture(scope="session")
async def settings() -> AsyncIterator[Settings]:
    """Yield the settings for a database of this process's own, which is migrated."""
    async with migrated_database() as settings:
        yield settings


@pytest.fixture(scope="session")
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Yield the engine that the tests share."""
    async with open_engine(settings) as engine:
        yield engine


@pytest.fixture
async def sessions(engine: AsyncEngine) -> AsyncIterator[Sessions]:
    """Yield sessions whose commits end in a savepoint, and are undone after the test."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield sessions_on(connection)
        await transaction.rollback()
# {% if cookiecutter.__web %}


@pytest.fixture
async def client(
    settings: Settings, engine: AsyncEngine, sessions: Sessions
) -> AsyncIterator[AsyncClient]:
    """Yield a client of the application, whose writes are undone after the test."""
    async with open_client(settings, engine, sessions) as client:
        yield client
# {% endif %}


@pytest.fixture
async def committing_sessions(engine: AsyncEngine) -> AsyncIterator[Sessions]:
    """Yield sessions that really commit; their rows are deleted after the test."""
    yield create_sessions(engine)
    await delete_rows(engine, Base.metadata.tables.values())
# {% if cookiecutter.__jobs %}


@pytest.fixture
def impatient(settings: Settings) -> Settings:
    """Return settings with which a job that fails is tried again at once, and only once."""
    changes = {"worker_poll_interval": 0.05, "worker_retry_delay": 0, "worker_max_attempts": 2}
    return settings.model_copy(update=changes)
# {% endif %}
# {% if cookiecutter.__web %}


@pytest.fixture
async def committing_client(
    settings: Settings, engine: AsyncEngine, committing_sessions: Sessions
) -> AsyncIterator[AsyncClient]:
    """Yield a client of the application as it is in production."""
    async with open_client(settings, engine, committing_sessions) as client:
        yield client


@pytest.fixture
def failing_commits() -> Iterator[None]:
    """Let each COMMIT of the test fail."""

    def fail(_session: Session) -> None:
        raise RuntimeError("COMMIT")

    event.listen(Session, "before_commit", fail)
    yield
    event.remove(Session, "before_commit", fail)
# {% endif %}
