"""The project's own database, for development."""

from typing import TypeVar

from app.kit.settings import ServiceSettings

Settings = TypeVar("Settings", bound=ServiceSettings)


def with_database(settings: Settings) -> Settings:
    """Return the settings: the file that they name is made when it is first used."""
    return settings


def how_to_connect(settings: ServiceSettings) -> str:
    """Return where a person finds the database."""
    return f"SQLite: {settings.sqlalchemy_url.database}"
