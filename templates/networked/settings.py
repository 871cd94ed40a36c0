"""Where the database is, and how long to wait for it."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from sqlalchemy import URL

from app.kit.db.pool_settings import PoolSettings
from app.kit.db.tls_url import SslMode, ensure_certificates
from app.kit.db.url import DIALECT, PORT, create_url, parse_url, settings_in

__all__ = ["DIALECT", "DatabaseSettings"]

UNREADABLE = (OSError, UnicodeDecodeError)

# SQLAlchemy's pattern for URLs: what stands before the host, and what follows up to a value.
_USER = re.compile(r"\w[\w+]*://(?:[^:/]*(?::[^@]*)?@)?")
_HOST = re.compile(r"[^?]*(?:\?[^=]*)?")


def _ensure_readable(path: Path) -> Path:
    try:
        path.read_text(encoding="utf-8")
    except UNREADABLE:
        raise ValueError(f"{path} can't be read as a file of UTF-8 text") from None
    return path


class DatabaseSettings(PoolSettings):
    """`DATABASE_URL`, or its parts; times are in seconds, 0 means no limit."""

    database_url: SecretStr | None = None
    database_read_url: SecretStr | None = None
    db_host: str = "localhost"
    # As `db_host`, it may have several with commas in between.
    db_port: str = Field(default=PORT, coerce_numbers_to_str=True)
    db_name: str = "{{ cookiecutter.project_slug }}"
    db_user: str = "{{ cookiecutter.project_slug }}"
    db_pass: SecretStr | None = None
    db_pass_file: Annotated[Path, AfterValidator(_ensure_readable)] | None = None

    db_ssl_mode: SslMode | None = None
    db_ssl_root_cert: Annotated[Path, AfterValidator(ensure_certificates)] | None = None

    # {% if cookiecutter.__postgresql %}
    db_pooler: Literal["none", "pgbouncer"] = "none"
    # {% endif %}
    # {% if cookiecutter.__jobs and cookiecutter.__postgresql %}
    db_notify: bool = True
    # {% endif %}
    db_application_name: str = "{{ cookiecutter.project_slug }}"
    db_liveness_check: Literal["socket", "ping"] = "socket"
    db_ping_timeout: PositiveFloat = 2
    db_connect_timeout: PositiveFloat = 5
    db_statement_timeout: NonNegativeFloat = 30
    db_lock_timeout: NonNegativeFloat = 5
    db_idle_transaction_timeout: NonNegativeFloat = 60

    _is_replica: bool = PrivateAttr(default=False)

    @field_validator("database_url", "database_read_url")
    @classmethod
    def _validate_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            text = value.get_secret_value().strip()
            _ensure_encoded_password(text)
            settings_in(parse_url(text))
        return value

    @field_validator("db_port")
    @classmethod
    def _fits_the_hosts(cls, value: str, info: ValidationInfo) -> str:
        create_url(host=info.data.get("db_host", ""), port=value)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.db_pass_file and (self.db_pass or self.sqlalchemy_url.password is not None):
            raise ValueError("DB_PASS_FILE is set, and so is DB_PASS or a password in the URL")
        # Making the replica checks its parameters, too.
        self._apply_url()
        _ = self.replica
        return self

    @property
    def sqlalchemy_url(self) -> URL:
        """The database's URL with this service's driver; its `str` hides the password."""
        if self.database_url:
            return parse_url(self.database_url.get_secret_value(), replica=self.is_replica)
        return create_url(
            username=self.db_user,
            password=self.db_pass.get_secret_value() if self.db_pass else None,
            host=self.db_host,
            port=self.db_port,
            database=self.db_name,
        )

    def new_password(self) -> str | None:
        """Return the password for a connection that is about to be opened, or None for the URL's.

        Override it in `app.settings` if the database takes tokens that expire (RDS IAM, Entra ID,
        Cloud SQL IAM). Raises OSError if DB_PASS_FILE can't be read.
        """
        if self.db_pass_file and self.sqlalchemy_url.password is None:
            return self.db_pass_file.read_text(encoding="utf-8").rstrip("\r\n")
        return None

    @property
    def replica(self) -> Self | None:
        """The same settings, but for DATABASE_READ_URL, if it is set."""
        if self.database_read_url is None:
            return None
        changes = {"database_url": self.database_read_url, "database_read_url": None}
        replica = self.model_copy(update=changes)
        replica._is_replica = True  # noqa: SLF001  a copy of our own
        replica._apply_url()  # noqa: SLF001
        return replica

    @property
    def is_replica(self) -> bool:
        """Whether these are the settings of a `replica`."""
        return self._is_replica

    def _apply_url(self) -> None:
        # Only for settings that are not set themselves.
        for name, value in settings_in(self.sqlalchemy_url).items():
            if name not in self.model_fields_set:
                default = type(self).model_fields[name].default
                self.__dict__[name] = default if value is None else value
        if self.db_ssl_mode == "verify-ca" and not self.db_ssl_root_cert:
            raise ValueError("verify-ca needs DB_SSL_ROOT_CERT, or sslrootcert= in the URL")

    @property
    def names_a_database(self) -> bool:
        """Whether the address of a database is configured."""
        # {% if cookiecutter.__local_database %}
        # Not DB_PASS: compose.yaml needs it in .env without the others.
        parts = {"db_host", "db_port", "db_name", "db_user"}
        # {% else %}
        # DB_PASS alone is enough for the database of compose.yaml.
        parts = {"db_host", "db_port", "db_name", "db_user", "db_pass", "db_pass_file"}
        # {% endif %}
        return bool(self.database_url) or bool(parts & self.model_fields_set)


def _ensure_encoded_password(url: str) -> None:
    # What follows an @ in a password would pass for the host, and hosts are shown.
    user = _USER.match(url)
    host = _HOST.match(url, user.end()) if user else None
    if host and "@" in host[0]:
        raise ValueError("has an @ too many: write %40 for one that is part of the password")
