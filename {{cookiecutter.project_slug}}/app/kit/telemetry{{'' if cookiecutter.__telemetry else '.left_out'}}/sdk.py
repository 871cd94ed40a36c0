"""The SDK of OpenTelemetry: its providers and exporters, as OTEL_* variables say."""

import logging
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from prometheus_client import CollectorRegistry, start_http_server

from app.kit.env_file import ENV_FILE, EnvFile
from app.kit.settings import ServiceSettings
from app.kit.telemetry.export_log import limit_log

logger = logging.getLogger(__name__)


def start(settings: ServiceSettings) -> list[Callable[[], object]]:
    """Start to export; return what ends that, each of which may take long."""
    fill_environment(settings)
    limit_log()
    resource = Resource.create()
    closers: list[Callable[[], object]] = []

    # Not at exit, where they would wait for a collector that is away.
    tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    if "otlp" in settings.trace_exporters:
        tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    if "console" in settings.trace_exporters:
        tracer_provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
    if settings.trace_exporters:
        trace.set_tracer_provider(tracer_provider)
        closers.append(tracer_provider.shutdown)

    if settings.metric_exporters:
        readers = list(_metric_readers(settings, closers))
        provider = MeterProvider(readers, resource, shutdown_on_exit=False)
        metrics.set_meter_provider(provider)
        closers.append(provider.shutdown)
    return closers


def fill_environment(settings: ServiceSettings) -> None:
    """Add the OTEL_* variables of `.env` to the environment, where the SDK looks for them."""
    for name, value in EnvFile(type(settings), ENV_FILE).env_vars.items():
        if name.startswith("otel_") and value:
            os.environ.setdefault(name.upper(), value)
    if "service.name=" not in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        # The default; what stands there comes first.
        os.environ["OTEL_SERVICE_NAME"] = settings.otel_service_name


def _metric_readers(
    settings: ServiceSettings, closers: list[Callable[[], object]]
) -> Iterator[MetricReader]:
    if "otlp" in settings.metric_exporters:
        yield PeriodicExportingMetricReader(OTLPMetricExporter())
    if "console" in settings.metric_exporters:
        yield PeriodicExportingMetricReader(ConsoleMetricExporter())
    if "prometheus" in settings.metric_exporters:
        registry = CollectorRegistry()
        host, port = settings.otel_exporter_prometheus_host, settings.otel_exporter_prometheus_port
        try:
            server, _ = start_http_server(port, host, registry)
        except OSError as error:
            # Metrics are no reason not to serve.
            logger.error(  # noqa: TRY400  a sentence says it all
                "There are no metrics for Prometheus on %s port %d (%s): set "
                "OTEL_EXPORTER_PROMETHEUS_PORT to another one for each process",
                host,
                port,
                error.strerror,
            )
        else:
            yield PrometheusMetricReader(registry=registry)
            closers.append(partial(_close_server, server))


def _close_server(server: Any) -> None:
    server.shutdown()
    server.server_close()
