"""Where the database is, and how long to wait for it."""

from pathlib import Path
from typing import Self

from pydantic import NonNegativeFloat, SecretStr, field_validator, model_validator
from sqlalchemy import URL

from app.kit.db.pool_settings import PoolSettings
from app.kit.db.url_parameters import ANY, read_url, seconds, validate_parameters

DIALECT = "{{ cookiecutter._drivers[cookiecutter.driver].dialect }}"

PROJECT = Path(__file__).resolve().parents[3]

PARAMETERS = {
    # Stands for DB_BUSY_TIMEOUT, which comes first.
    "timeout": ANY,
    # True in any case: the driver has a thread for each connection.
    "check_same_thread": ("false", "0"),
}


class DatabaseSettings(PoolSettings):
    """`DATABASE_URL`, or the path of the file; times are in seconds."""

    database_url: SecretStr | None = None
    db_path: Path = Path("database.db")

    db_busy_timeout: NonNegativeFloat = 5

    @field_validator("database_url")
    @classmethod
    def _validate_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        url = _parse_url(value)
        seconds(url, "timeout")
        if url.host or url.username or url.port:
            raise ValueError(f"names a host: write {DIALECT}:///PATH, with three slashes")
        if not url.database or url.database.startswith((":memory:", "file:")):
            raise ValueError("names no file, and every connection would have a database of its own")
        return value

    @model_validator(mode="after")
    def _apply_url(self) -> Self:
        """Apply the parameters of the URL to settings that are not set themselves."""
        wait = seconds(self.sqlalchemy_url, "timeout")
        if wait and "db_busy_timeout" not in self.model_fields_set:
            self.__dict__["db_busy_timeout"] = wait
        return self

    @property
    def sqlalchemy_url(self) -> URL:
        """The database's URL with this service's driver."""
        if self.database_url:
            url = _parse_url(self.database_url)
        else:
            url = URL.create(DIALECT, database=str(self.db_path))
        # One file, wherever a command is started.
        return url.set(database=str(PROJECT / (url.database or "")))


def _parse_url(value: SecretStr) -> URL:
    url = read_url(value.get_secret_value(), dialect=DIALECT, place="/PATH")
    return validate_parameters(url, PARAMETERS, instead={"uri": "write the path of the file alone"})
