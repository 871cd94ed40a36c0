"""The settings that every service has, read from the environment and from `.env`."""

# {% if cookiecutter.__web %}
import re
from typing import Annotated, Any

# {% if cookiecutter.__jobs %}
from pydantic import (
    AliasChoices,
    Field,
    IPvAnyNetwork,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
)
# {% else %}
from pydantic import AliasChoices, Field, IPvAnyNetwork, PositiveFloat, PositiveInt, field_validator
# {% endif %}
from pydantic_settings import NoDecode

# {% elif cookiecutter.__jobs %}
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

# {% endif %}
from app.kit.db.settings import DatabaseSettings
from app.kit.log import LogSettings
# {% if cookiecutter.__telemetry %}
from app.kit.telemetry.settings import TelemetrySettings
# {% endif %}

# {% if cookiecutter.__web %}
ANY_ORIGIN = "*"
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_ORIGIN = re.compile(r"https?://[^/\s]+|\*")
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")
# Below one of these, nobody could tell whether a proxy has removed the prefix.
_ROUTES = ("/api/v1/", "/docs/", "/health/", "/ready/", "/schema/")

# {% endif %}

# LogSettings last: of several configurations, such as `extra`, the last one counts.
class ServiceSettings({{ "DatabaseSettings, TelemetrySettings, LogSettings" if cookiecutter.__telemetry else "DatabaseSettings, LogSettings" }}):
    """The kit's settings, which `app.settings` extends; times are in seconds, sizes in bytes.

    Raises pydantic.ValidationError for an invalid value, and pydantic_settings.SettingsError for a
    `.env` that can't be read.
    """
    # {% if cookiecutter.__web %}

    app_host: str = "127.0.0.1"
    app_port: int = Field(default=8000, ge=0, le=65535)
    # Heroku and others set the second name by the size of the machine.
    app_workers: PositiveInt = Field(
        default=1, validation_alias=AliasChoices("app_workers", "web_concurrency")
    )
    # {% elif cookiecutter.__jobs %}

    app_workers: PositiveInt = 1
    # {% endif %}
    # {% if cookiecutter.__networked and cookiecutter.__start %}
    app_instances: PositiveInt = 1
    # {% endif %}
    # {% if cookiecutter.__web %}
    app_request_log: bool = True
    app_tune_gc: bool = True
    app_max_body_size: PositiveInt = 1_048_576
    app_request_timeout: PositiveFloat = 30
    app_cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    app_cors_headers: Annotated[tuple[str, ...], NoDecode] = ("Authorization", "Content-Type")
    app_security_headers: bool = False
    app_root_path: str = ""
    app_trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()
    # {% endif %}
    # {% if cookiecutter.__start %}
    app_shutdown_timeout: PositiveInt = 10
    # {% endif %}
    # {% if cookiecutter.__server == "uvicorn" %}
    app_worker_health_timeout: PositiveInt = 30
    # {% endif %}
    # {% if cookiecutter.__jobs %}

    worker_concurrency: PositiveInt = {{ 1 if cookiecutter.__database == 'sqlite' else 4 }}
    # {% if cookiecutter.__networked and cookiecutter.__web %}
    worker_instances: PositiveInt = 1
    # {% endif %}
    worker_poll_interval: PositiveFloat = 1
    worker_max_attempts: PositiveInt = 5
    worker_retry_delay: NonNegativeFloat = 10
    worker_job_timeout: NonNegativeFloat = 600
    # {% endif %}
    # {% if cookiecutter.__web %}

    @field_validator("app_cors_origins", "app_cors_headers", "app_trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @field_validator("app_cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(_ORIGIN.fullmatch, origins)):
            raise ValueError("takes https://HOST, with :PORT but no path, several with commas")
        return origins

    @field_validator("app_cors_headers")
    @classmethod
    def _are_headers(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(_HEADER.fullmatch, names)):
            raise ValueError("takes names of headers, such as X-Api-Key, several with commas")
        return names

    @field_validator("app_root_path")
    @classmethod
    def _is_prefix(cls, path: str) -> str:
        if not _PREFIX.fullmatch(path):
            raise ValueError("takes /NAME or /NAME/NAME, of a-z, A-Z, 0-9 and - . _ ~ only")
        if path and any(route.startswith(f"{path}/") for route in _ROUTES):
            raise ValueError(f"{path} is how paths of the service itself begin; take another one")
        return path
    # {% endif %}
