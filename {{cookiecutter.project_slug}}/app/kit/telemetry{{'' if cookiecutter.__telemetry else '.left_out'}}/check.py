"""What `python -m app doctor` says of telemetry: where it goes, and whether a collector answers."""

import logging
from collections.abc import Callable
from http.client import responses
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricsData
from pydantic import SecretStr

from app.kit.settings import ServiceSettings
from app.kit.telemetry.sdk import fill_environment

COLLECTOR = "http://localhost:4318"
"""OpenTelemetry's default."""
LOST = "does not accept them"
PATIENCE = 2.0
"""Seconds that a collector has to answer."""


def destinations(settings: ServiceSettings) -> dict[str, str]:
    """Return in words where traces and metrics go. What contains LOST is wrong.

    Collectors are asked by an export of nothing.
    """
    fill_environment(settings)
    return {
        "Traces": _describe(settings, "traces", settings.trace_exporters, _send_spans),
        "Metrics": _describe(settings, "metrics", settings.metric_exporters, _send_metrics),
    }


def _describe(
    settings: ServiceSettings, signal: str, exporters: frozenset[str], send: Callable[[], None]
) -> str:
    words = []
    if "otlp" in exporters:
        words.append(f"{_address(settings, signal)} {_ask(send)}")
    if "prometheus" in exporters:
        host, port = settings.otel_exporter_prometheus_host, settings.otel_exporter_prometheus_port
        words.append(f"http://{host}:{port}/metrics, while the service runs")
    if "console" in exporters:
        words.append("standard output")
    return ", ".join(words) or "nowhere"


def _address(settings: ServiceSettings, signal: str) -> str:
    own: SecretStr = getattr(settings, f"otel_exporter_otlp_{signal}_endpoint")
    shared = settings.otel_exporter_otlp_endpoint.get_secret_value() or COLLECTOR
    parts = urlsplit(own.get_secret_value() or f"{shared.removesuffix('/')}/v1/{signal}")
    # No user, no password, no query.
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _send_spans() -> None:
    OTLPSpanExporter(timeout=PATIENCE).export([])


def _send_metrics() -> None:
    OTLPMetricExporter(timeout=PATIENCE).export(MetricsData([]))


def _ask(send: Callable[[], None]) -> str:
    # Sent as the service does, with its certificates and headers; why it fails is only logged.
    log, said = logging.getLogger("opentelemetry"), Reason()
    log.propagate = False
    log.addHandler(said)
    try:
        send()
    finally:
        log.removeHandler(said)
    return said.words


class Reason(logging.Handler):
    """What the SDK's log says of a collector, in words."""

    words = "answers"

    def emit(self, record: logging.LogRecord) -> None:
        """Take the last line for the result."""
        statuses = [each for each in record.args or () if isinstance(each, int)]
        if statuses:
            status = statuses[0]
            self.words = (
                f"{LOST} ({status} {responses.get(status, '')}; see OTEL_EXPORTER_OTLP_ENDPOINT "
                "and OTEL_EXPORTER_OTLP_HEADERS)"
            )
        else:
            self.words = f"{LOST} within {PATIENCE:g} s"
