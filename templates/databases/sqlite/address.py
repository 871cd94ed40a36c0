"""Where the database is, and how long to wait for it."""

from pathlib import Path

from pydantic import NonNegativeFloat, SecretStr, field_validator
from pydantic_settings import BaseSettings
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DIALECT = "{{ cookiecutter._drivers[cookiecutter.driver].dialect }}"

PROJECT = Path(__file__).resolve().parents[2]

NOT_A_URL = (ArgumentError, ValueError)


class DatabaseAddress(BaseSettings):
    """`DATABASE_URL`, or the path of the file; times are in seconds."""

    database_url: SecretStr | None = None
    db_path: Path = Path("{{ cookiecutter.project_slug }}.db")

    db_busy_timeout: NonNegativeFloat = 5

    @field_validator("database_url")
    @classmethod
    def _has_our_dialect(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            url = make_url(value.get_secret_value())
        except NOT_A_URL:
            raise ValueError(f"is not a URL of the form {DIALECT}:///PATH") from None
        if url.drivername not in {"sqlite", DIALECT}:
            raise ValueError(f"does not start with {DIALECT}://, which this service needs")
        if not url.database or url.database == ":memory:":
            raise ValueError("names no file, and every connection would have a database of its own")
        return value

    @property
    def sqlalchemy_url(self) -> URL:
        """The database's URL with this service's driver."""
        if self.database_url:
            url = make_url(self.database_url.get_secret_value()).set(drivername=DIALECT)
        else:
            url = URL.create(DIALECT, database=str(self.db_path))
        # One file, wherever a command is started.
        return url.set(database=str(PROJECT / (url.database or "")))
