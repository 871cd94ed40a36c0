# {% if cookiecutter.__web %}
"""Resources that requests share for as long as the service runs."""
# {% else %}
"""Resources that jobs share for as long as the worker runs."""
# {% endif %}

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

# {% if cookiecutter.__worker %}
from sqlalchemy.ext.asyncio import AsyncSession

# {% endif %}
from app.config import Settings
from app.db.database import Database
from app.db.readiness import Readiness
from app.db.session import Sessions


@dataclass(frozen=True, slots=True)
class Resources:
    """The settings, the sessions, and whatever else is opened once, such as an HTTP client."""

    settings: Settings
    sessions: Sessions
    readiness: Readiness


@asynccontextmanager
async def open_resources(settings: Settings, database: Database) -> AsyncIterator[Resources]:
    """Yield the resources, in production and in tests; close in the end what is opened here."""
    yield Resources(settings, database.sessions, database.readiness)
# {% if cookiecutter.__worker %}


def resources_of(session: AsyncSession) -> Resources:
    """Return the resources, for the handler that was given `session`."""
    resources: Resources = session.info["resources"]
    return resources
# {% endif %}
