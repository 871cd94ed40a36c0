"""Settings of telemetry: the variables of OpenTelemetry that say what is exported, and where to."""

import re
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings

EXPORTERS = {
    "otel_traces_exporter": ("otlp", "console", "none"),
    "otel_metrics_exporter": ("otlp", "prometheus", "console", "none"),
}


class TelemetrySettings(BaseSettings):
    """What the service itself has to know; the SDK reads all other OTEL_* variables.

    Nothing is exported before one of these says what or where to.
    """

    otel_sdk_disabled: bool = False
    otel_service_name: str = "{{ cookiecutter.project_slug }}"
    otel_traces_exporter: str = ""
    otel_metrics_exporter: str = ""
    # A URL may hold a password.
    otel_exporter_otlp_endpoint: SecretStr = SecretStr("")
    otel_exporter_otlp_traces_endpoint: SecretStr = SecretStr("")
    otel_exporter_otlp_metrics_endpoint: SecretStr = SecretStr("")
    otel_exporter_otlp_protocol: str = ""
    otel_exporter_prometheus_host: str = "localhost"
    otel_exporter_prometheus_port: int = Field(default=9464, ge=1, le=65535)

    @field_validator(
        "otel_sdk_disabled",
        "otel_service_name",
        "otel_exporter_prometheus_host",
        "otel_exporter_prometheus_port",
        mode="before",
    )
    @classmethod
    def _take_empty_as_unset(cls, value: Any, info: ValidationInfo) -> Any:
        # As OpenTelemetry does.
        return cls.model_fields[info.field_name or ""].default if value == "" else value

    @field_validator("otel_traces_exporter", "otel_metrics_exporter")
    @classmethod
    def _is_known(cls, value: str, info: ValidationInfo) -> str:
        known = EXPORTERS[info.field_name or ""]
        if not _names(value) <= {*known}:
            raise ValueError(f"takes {', '.join(known)}, several with commas")
        return value

    @field_validator(
        "otel_exporter_otlp_endpoint",
        "otel_exporter_otlp_traces_endpoint",
        "otel_exporter_otlp_metrics_endpoint",
    )
    @classmethod
    def _is_url(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"(https?://[^\s/].*)?", value.get_secret_value()):
            raise ValueError("takes http://HOST:4318, or https://")
        return value

    @field_validator("otel_exporter_otlp_protocol")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value not in {"", "http/protobuf"}:
            raise ValueError("takes http/protobuf only, which collectors accept on port 4318")
        return value

    @model_validator(mode="after")
    def _has_one_process_for_prometheus(self) -> Self:
        if "prometheus" in self.metric_exporters and getattr(self, "app_workers", 1) > 1:
            raise ValueError(
                "OTEL_METRICS_EXPORTER=prometheus is for one process, since each has numbers of "
                "its own: set APP_WORKERS to 1, or export by otlp, whose collector adds them up"
            )
        return self

    @property
    def trace_exporters(self) -> frozenset[str]:
        """Where traces go; nowhere, if it is empty."""
        return self._exporters(self.otel_traces_exporter, self.otel_exporter_otlp_traces_endpoint)

    @property
    def metric_exporters(self) -> frozenset[str]:
        """Where metrics go; nowhere, if it is empty."""
        return self._exporters(self.otel_metrics_exporter, self.otel_exporter_otlp_metrics_endpoint)

    def _exporters(self, names: str, endpoint: SecretStr) -> frozenset[str]:
        if self.otel_sdk_disabled:
            return frozenset()
        # OpenTelemetry's default is a collector on this machine. Most have none, and would read
        # of refused connections.
        endpoints = (endpoint, self.otel_exporter_otlp_endpoint)
        has_endpoint = any(map(SecretStr.get_secret_value, endpoints))
        return (_names(names) or frozenset(["otlp"] if has_endpoint else [])) - {"none"}


def _names(value: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, value.split(","))))
