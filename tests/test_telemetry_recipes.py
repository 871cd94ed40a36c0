"""The recipes of docs/telemetry.md, as far as they run without the companies' services."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.bake import TEMPLATE, WEB_FRAMEWORKS, choices
from support.databases.observer import wait_until
from support.http.contract import COMPANIES
from support.projects import Copy, Project, each, environment, find_uv, serving
from support.telemetry import QUICK

pytestmark = pytest.mark.projects

VARIANT = (choices("driver")[0], WEB_FRAMEWORKS[0], choices("server")[0], "no", "opentelemetry")
PAGE = (TEMPLATE / "docs/telemetry.md").read_text(encoding="utf-8")
SECRET = "hunter2marker"  # noqa: S105  not a secret
SENTRY = "sentry-sdk>=2.75"


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """Yield an address, and what is posted to it: paths, headers, bodies."""
    posts: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            posts.append((self.path, headers, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", posts
        server.shutdown()


def variables(recipe: str) -> dict[str, str]:
    """Return all that the blocks of a recipe set."""
    text = PAGE.partition(f"### {recipe}\n")[2].partition("\n### ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return dict(line.split("=", 1) for block in blocks for line in block.splitlines())


def at(address: str, url: str) -> str:
    """Return a URL of the recipe, but at our address."""
    return re.sub(r"https?://[^/]+", f"http://{address}", url)


@pytest.mark.parametrize("project", each([VARIANT]), indirect=True)
def test_keys_and_paths_arrive_as_the_services_want_them(
    project: Project, url: str, tmp_path: Path
) -> None:
    grafana, datadog, sentry = map(variables, ("Grafana", "Datadog", "Sentry"))
    with listening() as (address, posts):
        env = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": at(address, grafana["OTEL_EXPORTER_OTLP_ENDPOINT"]),
            "OTEL_EXPORTER_OTLP_HEADERS": grafana["OTEL_EXPORTER_OTLP_HEADERS"],
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": at(
                address, sentry["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
            ),
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": sentry["OTEL_EXPORTER_OTLP_TRACES_HEADERS"],
            **{name: datadog[name] for name in datadog if "ENDPOINT" not in name},
        }
        with serving(project, tmp_path / "log", DATABASE_URL=url, **env, **QUICK) as service:
            httpx2.get(service.url + COMPANIES)
            said = service.stop()
    headers = {path: sent for path, sent, _ in posts}
    traces = "/api/2/integration/otlp/v1/traces"
    assert headers.keys() == {"/otlp/v1/metrics", traces}, said
    basic = headers["/otlp/v1/metrics"]["authorization"]
    assert re.fullmatch(r"Basic [A-Za-z0-9]+", basic)
    assert headers[traces]["x-sentry-auth"] == "sentry sentry_key=0123456789abcdef"
    # Messages of protobuf, one behind the other, are one message.
    metrics = b"".join(body for path, _, body in posts if path == "/otlp/v1/metrics")
    read = (
        "import sys; from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import *; "
        "print(ExportMetricsServiceRequest.FromString(bytes.fromhex(sys.argv[1])))"
    )
    shown = project.succeed(project.python, "-c", read, metrics.hex())
    found = re.findall(
        r'"http.server.request.duration".*?aggregation_temporality: (\w+)', shown, re.DOTALL
    )
    assert {*found} == {"AGGREGATION_TEMPORALITY_DELTA"}, shown
    assert '"1.2.3"' in shown


@pytest.mark.parametrize("project", each([VARIANT]), indirect=True)
def test_an_error_becomes_one_event_of_sentry_with_its_trace_and_without_values(
    project: Project, url: str, tmp_path: Path
) -> None:
    packages = tmp_path / "packages"
    command: list[str | Path] = [find_uv(), "pip", "install", "--quiet", "--target", packages]
    subprocess.run(
        [*command, "--python", project.python, SENTRY], check=True, env=environment(), timeout=300
    )
    copy = Copy.of(project, tmp_path)
    first, setting = re.findall(r"```python\n(    .*?)```", PAGE, re.DOTALL)
    copy.replace("app/resources.py", "    yield Resources(", f"{first}    yield Resources(")
    settings = copy.path / "app/settings.py"
    text = f"from pydantic import SecretStr\n\n{settings.read_text(encoding='utf-8')}{setting}"
    settings.write_text(text, encoding="utf-8")
    # An error of the owner's, whose message and variables are values.
    line = "    company = Company(name=name, industry=industry)\n"
    copy.replace("app/companies/queries.py", line, f'{line}    raise RuntimeError("of ours")\n')
    with listening() as (address, posts):
        env = {
            "DATABASE_URL": url,
            "PYTHONPATH": str(packages),
            "SENTRY_DSN": f"http://key@{address}/1",
            "OTEL_TRACES_EXPORTER": "console",
        }
        with serving(copy, tmp_path / "log", **env) as service:
            body = {"name": SECRET, "industry": SECRET}
            assert httpx2.post(service.url + COMPANIES, json=body).status_code == 500
            wait_until(lambda: events(posts), why=lambda: service.log.read_text("utf-8"))
            said = service.stop()
    [event] = events(posts)
    [error] = event["exception"]["values"]
    assert (error["type"], event["logger"]) == ("RuntimeError", "app.kit.http.problems")
    assert event["contexts"]["trace"]["trace_id"] in said
    sent = [decompressed(headers, body).decode() for _, headers, body in posts]
    assert SECRET not in "".join(sent)


def events(posts: list[tuple[str, dict[str, str], bytes]]) -> list[Any]:
    """Return the events in what was sent to Sentry."""
    lines = [
        line
        for _, headers, body in posts
        for line in decompressed(headers, body).decode().splitlines()
    ]
    found = [json.loads(line) for line in lines]
    return [it for it in found if "exception" in it]


def decompressed(headers: dict[str, str], body: bytes) -> bytes:
    """Return what a body has, without its compression."""
    return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
