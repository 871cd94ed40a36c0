"""Resources that requests{{ ' and jobs' if cookiecutter.__jobs else '' }} share for as long as the service runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
# {% if cookiecutter.__jobs %}
from sqlalchemy.ext.asyncio import AsyncSession
# {% endif %}

from app.kit.db.database import Database
from app.kit.http.sessions import get_resources
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


Shared = Annotated[Resources, Depends(get_resources)]
"""The resources, as a parameter of a route."""
# {% if cookiecutter.__jobs %}


def resources_of_job(session: AsyncSession) -> Resources:
    """Return the resources, for the handler that was given `session`."""
    resources: Resources = session.info["resources"]
    return resources
# {% endif %}
