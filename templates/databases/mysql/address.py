"""Where the database is, and how long to wait for it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, SecretStr, field_validator
from pydantic_settings import BaseSettings
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DIALECT = "{{ cookiecutter._drivers[cookiecutter.driver].dialect }}"

NOT_A_URL = (ArgumentError, ValueError)


class DatabaseAddress(BaseSettings):
    """`DATABASE_URL`, or its parts; times are in seconds, 0 means no limit."""

    database_url: SecretStr | None = None
    db_host: str = "localhost"
    db_port: int = Field(default=3306, ge=1, le=65535)
    db_name: str = "{{ cookiecutter.project_slug }}"
    db_user: str = "{{ cookiecutter.project_slug }}"
    db_pass: SecretStr | None = None

    db_ssl_mode: Literal["disable", "require", "verify-full"] | None = None
    db_ssl_root_cert: Path | None = None

    db_application_name: str = "{{ cookiecutter.project_slug }}"
    db_liveness_check: Literal["socket", "ping"] = "socket"
    db_connect_timeout: PositiveFloat = 5
    db_statement_timeout: NonNegativeFloat = 30
    db_lock_timeout: NonNegativeFloat = 5
    db_idle_transaction_timeout: NonNegativeFloat = 60

    @field_validator("database_url")
    @classmethod
    def _has_our_dialect(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            url = make_url(value.get_secret_value())
        except NOT_A_URL:
            # Not chained, and without the value: it may hold a password.
            raise ValueError(f"is not a URL of the form {DIALECT}://USER@HOST/NAME") from None
        if url.drivername not in {"mysql", "mariadb", DIALECT}:
            raise ValueError(f"starts with {url.drivername}://, this service needs {DIALECT}://")
        return value

    @property
    def sqlalchemy_url(self) -> URL:
        """The database's URL with this service's driver; its `str` hides the password."""
        if self.database_url:
            return make_url(self.database_url.get_secret_value()).set(drivername=DIALECT)
        return URL.create(
            DIALECT,
            username=self.db_user,
            password=self.db_pass.get_secret_value() if self.db_pass else None,
            host=self.db_host,
            port=self.db_port,
            database=self.db_name,
        )

    @property
    def names_a_database(self) -> bool:
        """Whether anyone said where the database is."""
        return bool(self.database_url) or "db_host" in self.model_fields_set
