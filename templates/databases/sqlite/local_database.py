"""The database for development."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.config import Settings


@contextmanager
def local_database(settings: Settings) -> Iterator[Settings]:
    """Yield the settings: the file that they name is made when it is first used."""
    yield settings
