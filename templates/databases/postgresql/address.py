"""Where the database is, and how long to wait for it."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, cast, get_args

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DIALECT = "{{ cookiecutter._drivers[cookiecutter.driver].dialect }}"

NOT_A_URL = (ArgumentError, ValueError)

SslMode = Literal["disable", "require", "verify-full"]
SSL_MODES = get_args(SslMode)


def root_cert_of(query: Mapping[str, object]) -> Path | None:
    """Return the file that a URL names, or None for the system's authorities."""
    path = query.get("sslrootcert", "system")
    return None if path == "system" else Path(str(path))


def ensure_certificates(path: Path) -> None:
    """Raise ValueError if there are no certificates of authorities in `path`."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        raise ValueError(f"{path} is no file of certificates (PEM)") from None


class DatabaseAddress(BaseSettings):
    """`DATABASE_URL`, or its parts; times are in seconds, 0 means no limit."""

    database_url: SecretStr | None = None
    db_host: str = "localhost"
    db_port: int = Field(default=5432, ge=1, le=65535)
    db_name: str = "{{ cookiecutter.project_slug }}"
    db_user: str = "{{ cookiecutter.project_slug }}"
    db_pass: SecretStr | None = None

    db_ssl_mode: SslMode | None = None
    db_ssl_root_cert: Path | None = None

    db_pooler: Literal["none", "pgbouncer"] = "none"
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
        if url.drivername not in {"postgres", "postgresql", DIALECT}:
            raise ValueError(f"starts with {url.drivername}://, this service needs {DIALECT}://")
        if "ssl" in url.query:
            raise ValueError("has ssl=, which only some drivers read: write sslmode=")
        if (mode := url.query.get("sslmode", "disable")) not in SSL_MODES:
            raise ValueError(f"has sslmode={mode}, this service knows {', '.join(SSL_MODES)}")
        if path := root_cert_of(url.query):
            ensure_certificates(path)
        return value

    @field_validator("db_ssl_root_cert")
    @classmethod
    def _holds_certificates(cls, value: Path | None) -> Path | None:
        if value:
            ensure_certificates(value)
        return value

    @model_validator(mode="after")
    def _read_tls_from_url(self) -> Self:
        # As libpq spells it there. What is set for itself comes first.
        query = self.sqlalchemy_url.query
        if self.db_ssl_mode is None and "sslmode" in query:
            self.db_ssl_mode = cast("SslMode", query["sslmode"])
        if self.db_ssl_root_cert is None:
            self.db_ssl_root_cert = root_cert_of(query)
        return self

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
