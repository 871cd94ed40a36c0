"""Resources that requests{{ ' and jobs' if cookiecutter.__jobs else '' }} share for as long as the service runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

# {% if cookiecutter.__jobs %}
from sqlalchemy.ext.asyncio import AsyncSession
# {% endif %}
from starlette.requests import HTTPConnection

from app.kit.db.database import Database
from app.kit.resources import SharedResources
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Resources(SharedResources):
    """The settings, the sessions, and whatever else is opened once, such as an HTTP client."""

    settings: Settings


@asynccontextmanager
async def open_resources(settings: Settings, database: Database) -> AsyncIterator[Resources]:
    """Yield the resources, in production and in tests; close in the end what is opened here."""
    yield Resources(settings, database.sessions, database.readiness)


def resources_of(connection: HTTPConnection) -> Resources:
    """Return the resources that requests and WebSockets share."""
    resources: Resources = connection.app.state.resources
    return resources
# {% if cookiecutter.__jobs %}


def resources_of_job(session: AsyncSession) -> Resources:
    """Return the resources, for the handler that was given `session`."""
    resources: Resources = session.info["resources"]
    return resources
# {% endif %}
