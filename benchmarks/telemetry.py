"""What it costs to see a service run: FastAPI's project with the answer `telemetry`, off and on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.bench import Bench
from benchmarks.contestants import BASELINE, Contestant
from benchmarks.cores import on
from benchmarks.levers import AS_IT_IS
from benchmarks.loads import CONNECTIONS, summary
from benchmarks.measuring import measure
from benchmarks.servers import seeded

TENTH = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.1"}
WAYS: dict[str, dict[str, str]] = {
    "`telemetry=opentelemetry`, off": {},
    "metrics": {"OTEL_TRACES_EXPORTER": "none"},
    "metrics, and a tenth of the traces": TENTH,
    "metrics and traces": {},
}
"""Settings of each; all but the first export."""
NEVER = {"OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_METRIC_EXPORT_INTERVAL": "3600000"}
"""When instructions are counted: an export would come at another moment in each count."""
LINE = {"APP_LOG_LEVEL": "info"}
SEEN: dict[str, dict[str, str]] = {
    "a line for each request (`APP_LOG_LEVEL=info`)": LINE,
    "the same in JSON (`APP_LOG_FORMAT=json`)": {**LINE, "APP_LOG_FORMAT": "json"},
    "a clock for slow queries (`APP_SLOW_QUERY=60`)": {"APP_SLOW_QUERY": "60"},
}
"""Settings of what every project has to see it run."""


class Sink(BaseHTTPRequestHandler):
    """A collector that throws away what it gets."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def ways_to_count(bench: Bench) -> list[tuple[Contestant, dict[str, str]]]:
    """Return projects that can be watched, and their settings; each has the name of its way."""
    plain = bench.workshop.contestant(*BASELINE)
    measured = bench.workshop.contestant(*BASELINE, telemetry="opentelemetry")
    # Whom the sampler takes is chance, and nobody listens there: nothing is exported.
    nobody = NEVER | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    exported = {name: env for name, env in WAYS.items() if env is not TENTH}
    return [(replace(plain, name=name), env) for name, env in SEEN.items()] + [
        (replace(measured, name=name), env | (nobody if number else {}))
        for number, (name, env) in enumerate(exported.items())
    ]


def telemetry(bench: Bench) -> dict[str, Any]:
    """Return what reads cost with telemetry, relative to a project without the answer."""
    plain = replace(bench.workshop.contestant(*BASELINE), name=AS_IT_IS)
    measured = bench.workshop.contestant(*BASELINE, telemetry="opentelemetry")
    with ExitStack() as stack:
        with on(bench.cores.others):
            url = stack.enter_context(seeded(plain.project, bench.directory))
            collector = stack.enter_context(_collector())
        with on(bench.cores.servers):
            servers = [stack.enter_context(plain.start(url, bench.log(AS_IT_IS)))]
            for number, (name, env) in enumerate(WAYS.items()):
                exports = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector} if number else {}
                log = bench.log(f"telemetry-{number}")
                it = replace(measured, name=name)
                servers.append(stack.enter_context(it.start(url, log, **env, **exports)))
        plan = replace(bench.plan, methods=("GET",))
        with on(bench.cores.others):
            rounds = measure(
                servers, bench.generator, plan, connections=CONNECTIONS, advance=bench.advance
            )
    return {"GET": summary(rounds["GET"], AS_IT_IS)}


@contextmanager
def _collector() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
