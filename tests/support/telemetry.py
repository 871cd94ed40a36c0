"""What projects export by OpenTelemetry: a collector for tests, and spans and metrics as data."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from support.projects import Project

PROBE = Path(__file__).parent / "probes" / "collector.py"
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "300"}
"""Settings with which nobody waits long for an export, in milliseconds."""


@dataclass(frozen=True)
class Span:
    """A span, with the resource that it is about."""

    raw: dict[str, Any]
    scope: str
    resource: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.raw["name"])

    @property
    def kind(self) -> str:
        """Its kind, such as SERVER."""
        return str(self.raw["kind"]).removeprefix("SPAN_KIND_")

    @property
    def id(self) -> str:
        """Its id, in hexadecimal digits."""
        return _hex(self.raw["spanId"])

    @property
    def trace(self) -> str:
        """The id of its trace, in hexadecimal digits."""
        return _hex(self.raw["traceId"])

    @property
    def parent(self) -> str:
        """The id of its parent, or nothing."""
        return _hex(self.raw.get("parentSpanId", ""))

    @property
    def failed(self) -> bool:
        """Whether its status is that of an error."""
        return bool(self.raw.get("status", {}).get("code") == "STATUS_CODE_ERROR")

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (int(self.raw["endTimeUnixNano"]) - int(self.raw["startTimeUnixNano"])) / 1e9

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Its attributes."""
        return _values(self.raw.get("attributes", []))


@dataclass(frozen=True)
class Point:
    """A value of a metric, with the resource that it is about."""

    value: Any
    """A number, or the whole point of a histogram."""
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass(frozen=True)
class Collector:
    """A collector that runs."""

    endpoint: str
    file: Path

    @property
    def env(self) -> dict[str, str]:
        """The settings with which a project exports to it."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint, **QUICK}

    def text(self) -> str:
        """Return all that was exported so far."""
        return self.file.read_text(encoding="utf-8") if self.file.exists() else ""

    def spans(self) -> list[Span]:
        """Return the spans so far, in the order in which they began."""
        found = [
            Span(raw, scope["scope"]["name"], _values(group["resource"]["attributes"]))
            for export in self._exports()
            for group in export.get("resourceSpans", [])
            for scope in group["scopeSpans"]
            for raw in scope["spans"]
        ]
        return sorted(found, key=lambda span: int(span.raw["startTimeUnixNano"]))

    def metrics(self) -> dict[str, list[Point]]:
        """Return the points of each metric so far, the newest last."""
        found: dict[str, list[Point]] = {}
        for export in self._exports():
            for group in export.get("resourceMetrics", []):
                resource = _values(group["resource"]["attributes"])
                for scope in group["scopeMetrics"]:
                    for metric in scope["metrics"]:
                        found.setdefault(metric["name"], []).extend(_points(metric, resource))
        return found

    def _exports(self) -> list[dict[str, Any]]:
        # The last line may be half written.
        lines = self.text().split("\n")[:-1]
        return [json.loads(line) for line in lines]


@contextmanager
def collecting(project: Project, directory: Path, *, key: str = "") -> Iterator[Collector]:
    """Yield a collector, which wants `key` as the header api-key, if there is one."""
    file = directory / "exports"
    command: list[str | Path] = [project.python, PROBE, file, *([key] if key else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            assert process.stdout
            port = process.stdout.readline().strip()
            yield Collector(f"http://127.0.0.1:{port}", file)
        finally:
            process.kill()


def _points(metric: dict[str, Any], resource: dict[str, Any]) -> Iterator[Point]:
    data = metric.get("sum") or metric.get("gauge") or metric["histogram"]
    for point in data["dataPoints"]:
        number = int(point.get("asInt", 0)) or point.get("asDouble", 0)
        attributes = _values(point.get("attributes", []))
        yield Point(point if "count" in point else number, attributes, resource)


def _values(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: _value(pair["value"]) for pair in pairs}


def _value(value: dict[str, Any]) -> Any:
    [(kind, content)] = value.items()
    return int(content) if kind == "intValue" else content


def _hex(text: str) -> str:
    return base64.b64decode(text).hex()
