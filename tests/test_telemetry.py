"""The answer `telemetry`: traces and metrics of real services, as a collector gets them."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest
from support.bake import ANSWERS, WEB_FRAMEWORKS, choices
from support.databases.observer import obstructing, wait_until
from support.http.contract import COMPANIES
from support.projects import (
    PATIENCE,
    Copy,
    Project,
    Variant,
    each,
    free_port,
    running,
    serving,
)
from support.telemetry import QUICK, Collector, Span, collecting

pytestmark = pytest.mark.projects

SERVER, *OTHER_SERVERS = choices("server")
DRIVER, *OTHER_DRIVERS = choices("driver")
FIRST = WEB_FRAMEWORKS[0]
ON = "opentelemetry"
SERVICE: Variant = (DRIVER, FIRST, SERVER, "no", ON)
SERVICES: list[Variant] = [
    *((DRIVER, framework, SERVER, "no", ON) for framework in WEB_FRAMEWORKS),
    *((driver, FIRST, SERVER, "no", ON) for driver in OTHER_DRIVERS),
    *((DRIVER, FIRST, server, "no", ON) for server in OTHER_SERVERS),
]
USUAL: list[Variant] = [
    SERVICE,
    (DRIVER, "aiohttp", SERVER, "no", ON),
    (DRIVER, "sanic", SERVER, "no", ON),
    ("aiomysql", FIRST, SERVER, "no", ON),
]
WORKER: Variant = (DRIVER, "none", SERVER, "yes", ON)
WORKERS: list[Variant] = [(driver, "none", SERVER, "yes", ON) for driver in choices("driver")]
ONE = {
    "fastapi": "/api/v1/companies/{company_id}",
    "litestar": "/api/v1/companies/{company_id}",
    "starlette": "/api/v1/companies/{company_id}",
    "quart": "/api/v1/companies/<id:company_id>",
    "aiohttp": "/api/v1/companies/{company_id}",
    "sanic": "/api/v1/companies/<company_id:str>",
}
"""The template of a route, as a framework writes it."""
SECRET = "hunter2marker"  # noqa: S105  not a secret
BEGIN = {"mysql": [("START", "")], "sqlite": [("BEGIN", "")]}
"""Where a transaction begins with a statement of its own."""
SYSTEMS = {"postgresql": "postgresql", "mysql": "mariadb", "sqlite": "sqlite"}
NOBODY = "http://127.0.0.1:9"
WRONG = {
    "OTEL_TRACES_EXPORTER": "zipkin",
    "OTEL_METRICS_EXPORTER": "otlp,statsd",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317",
}
MARK = f"text(\"name <> '{SECRET}' AND companies.id <> 4711\")"
LONGEST_STOP = 8
"""Seconds that a stop may take: 2 for what is not exported, and what a stop takes anyway."""
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
REQUEST_KEYS = {
    *("http.request.method", "http.response.status_code", "http.route"),
    *("network.protocol.version", "url.path", "url.scheme"),
}
SQL_KEYS = {"db.namespace", "db.operation.name", "db.query.summary", "db.query.text"}


OWN_ID = """
import logging
from opentelemetry.sdk.trace import TracerProvider
from app.kit.telemetry.log_records import with_trace_ids

logging.basicConfig(format="%(trace_id)s")
tracer = TracerProvider().get_tracer("own")
with with_trace_ids(), tracer.start_as_current_span("own"):
    logging.warning("", extra={"trace_id": "own"})
    logging.warning("")
"""


@pytest.mark.parametrize("project", each(SERVICES, usual=USUAL[:1]), indirect=True)
def test_a_line_may_say_its_own_trace(project: Project) -> None:
    own, made = project.run(project.python, "-c", OWN_ID).stderr.splitlines()
    assert own == "own"
    assert re.fullmatch(r"[0-9a-f]{32}", made)


@pytest.mark.parametrize("project", each(SERVICES, usual=USUAL), indirect=True)
def test_a_request_is_a_server_span_and_its_statements_are_children(
    project: Project, url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    framework = request.node.callspec.params["project"][1]
    one = ONE[framework]
    headers = {"Authorization": SECRET, "traceparent": TRACEPARENT, "User-Agent": SECRET}
    with collecting(project, tmp_path) as collector:
        env = {"DATABASE_URL": url, **collector.env}
        with serving(project, tmp_path / "log", **env) as service:
            companies = service.url + COMPANIES
            body = {"name": SECRET, "industry": SECRET}
            made = httpx2.post(companies, json=body, headers=headers).json()
            assert httpx2.get(f"{companies}/{made['id']}").status_code == 200
            assert httpx2.head(f"{companies}/{made['id']}").status_code == 200
            assert SECRET in httpx2.get(f"{companies}/export").text
            assert httpx2.post(companies, json=body).status_code == 409
            assert httpx2.post(companies, json={"name": SECRET}).status_code == 422
            assert httpx2.get(f"{service.url}/nothing?token={SECRET}").status_code == 404
            assert httpx2.get(f"{service.url}/ready").status_code == 200
            project.succeed(project.python, "-m", "alembic", "downgrade", "base", DATABASE_URL=url)
            assert httpx2.get(f"{companies}/1").status_code == 500
            said = service.stop()
    project.migrate(DATABASE_URL=url)
    spans = collector.spans()
    tree = [
        (it.name, it.attributes.get("http.response.status_code"), error_of(it), children(it, spans))
        for it in spans
        if it.kind == "SERVER"
    ]
    database = ANSWERS["_drivers"][project.driver]["database"]
    write, read = ("INSERT companies", ""), ("SELECT companies", "")
    streamed, failed_write, failed_read = tree[3][3], tree[4][3], tree[-1][3]
    assert tree == [
        (f"POST {COMPANIES}", 201, "", [*BEGIN.get(database, []), write]),
        (f"GET {one}", 200, "", [read]),
        (f"HEAD {one}", 200, "", [read]),
        (f"GET {COMPANIES}/export", 200, "", streamed),
        (f"POST {COMPANIES}", 409, "", failed_write),
        (f"POST {COMPANIES}", 422, "", []),
        ("GET", 404, "", []),
        (f"GET {one}", 500, tree[-1][2], failed_read),
    ], said
    for (name, error), was in ((failed_write[-1], write), (failed_read[-1], read)):
        assert name == was[0]
        assert error
    assert tree[-1][2].endswith("Error")
    assert streamed[-1] == read
    # Everything else, such as the check of /ready, has no span.
    assert len(spans) == len(tree) + sum(len(it[3]) for it in tree)
    first = spans[0]
    assert (first.trace, first.parent) == (TRACEPARENT[3:35], TRACEPARENT[36:52])
    assert len({span.trace for span in spans}) == len(tree)
    for span in spans:
        check_attributes(span, project)
    assert SECRET not in collector.text()
    assert "opentelemetry" not in said, said


def children(span: Span, spans: list[Span]) -> list[tuple[str, str]]:
    """Return the names of the spans in `span`, and the error of each."""
    return [(it.name, error_of(it)) for it in spans if it.parent == span.id]


def error_of(span: Span) -> str:
    error = span.attributes.get("error.type", "")
    assert bool(error) == span.failed
    return str(error)


def check_attributes(span: Span, project: Project) -> None:
    """Fail if a span has other attributes than it should have."""
    found = span.attributes.keys() - {"error.type"}
    if span.kind == "SERVER":
        missing = set() if span.attributes["http.response.status_code"] != 404 else {"http.route"}
        assert found == REQUEST_KEYS - missing
        assert span.attributes["url.scheme"] == "http"
        assert span.attributes["network.protocol.version"] == "1.1"
        assert span.seconds < PATIENCE
        return
    assert span.kind == "CLIENT"
    database = ANSWERS["_drivers"][project.driver]["database"]
    server = set() if database == "sqlite" else {"server.address", "server.port"}
    status = {"db.response.status_code"} if span.failed else set()
    assert found - status == SQL_KEYS | server | {"db.system.name"}, span.attributes
    assert span.attributes["db.system.name"] == SYSTEMS[database]
    assert span.name == span.attributes["db.query.summary"]
    assert span.resource.keys() >= {"service.name", "service.instance.id"}


@pytest.mark.parametrize("project", each([SERVICE]), indirect=True)
def test_a_span_of_the_owner_s_is_in_the_request_and_has_the_statements(
    project: Project, url: str, tmp_path: Path
) -> None:
    copy = Copy.of(project, tmp_path)
    queries = "app/companies/queries.py"
    copy.replace(queries, "from sqlalchemy", "from opentelemetry import trace\nfrom sqlalchemy")
    copy.replace(queries, "delete, select", "delete, select, text")
    statement = "company = await session.scalar(_BY_ID"
    span = 'trace.get_tracer(__name__).start_as_current_span("look up")'
    copy.replace(queries, statement, f"with {span}:\n        {statement}")
    # A value that is part of a statement, as nobody should write it.
    copy.replace(queries, "_BY_ID = select(Company)", f"_BY_ID = select(Company).where({MARK})")
    with collecting(project, tmp_path) as collector:
        (copy.path / ".env").write_text(
            f"DATABASE_URL={url}\nOTEL_EXPORTER_OTLP_ENDPOINT={collector.endpoint}\n"
            "OTEL_RESOURCE_ATTRIBUTES=service.version=7\nAPP_LOG_FORMAT=json\n",
            encoding="utf-8",
        )
        with serving(copy, tmp_path / "log") as service:
            assert httpx2.get(f"{service.url}{COMPANIES}/1").status_code == 404
            said = service.stop()
    request, own, statement_span = collector.spans()
    [line] = [json.loads(it) for it in said.splitlines() if f"GET {COMPANIES}/1 404" in it]
    assert (line["trace_id"], line["span_id"]) == (request.trace, request.id), said
    assert (own.name, own.parent, own.kind) == ("look up", request.id, "INTERNAL"), said
    assert statement_span.parent == own.id
    assert statement_span.resource["service.version"] == "7"
    assert statement_span.resource["service.name"] == "company_directory"
    assert "…" in statement_span.attributes["db.query.text"]
    assert "4711" not in collector.text()
    assert SECRET not in collector.text()


@pytest.mark.parametrize("project", each(SERVICES, usual=[SERVICE]), indirect=True)
def test_callers_decide_what_is_sampled(project: Project, url: str, tmp_path: Path) -> None:
    with collecting(project, tmp_path) as collector:
        sampler = {"OTEL_TRACES_SAMPLER": "parentbased_always_off", "APP_ROOT_PATH": "/crm"}
        env = {"DATABASE_URL": url, **collector.env, **sampler}
        with serving(project, tmp_path / "log", **env) as service:
            companies = service.url + COMPANIES
            httpx2.get(f"{service.url}/ready")
            httpx2.get(companies)
            httpx2.get(companies, headers={"traceparent": f"{TRACEPARENT[:-1]}0"})
            httpx2.get(companies, headers={"traceparent": TRACEPARENT})
            service.stop()
    request, statement = collector.spans()
    assert (request.parent, statement.parent) == (TRACEPARENT[36:52], request.id)
    # Metrics count them all.
    points = collector.metrics()["http.server.request.duration"]
    assert {it.attributes["http.route"] for it in points} == {f"/crm{COMPANIES}"}
    assert points[-1].value["count"] == "3"


@pytest.mark.parametrize("project", each([SERVICE]), indirect=True)
def test_metrics_say_how_full_the_pool_is_and_who_waits(
    project: Project, url: str, tmp_path: Path
) -> None:
    limits = {"DB_POOL_SIZE": "2", "DB_POOL_TIMEOUT": "0.5", "DB_LOCK_TIMEOUT": "20"}
    with collecting(project, tmp_path) as collector, obstructing(url) as observer:
        env = {"DATABASE_URL": url, **collector.env, **limits}
        with serving(project, tmp_path / "log", **env) as service, ThreadPoolExecutor(6) as threads:
            with observer.closed_gate():

                def add(number: int) -> int:
                    body = {"name": f"slow insert {number}", "industry": "Gates"}
                    return httpx2.post(service.url + COMPANIES, json=body, timeout=60).status_code

                answers = [threads.submit(add, number) for number in range(6)]
                wait_until(lambda: highest(collector, "pending_requests") > 0, why=collector.text)
                wait_until(lambda: highest(collector, "timeouts") == 4, why=collector.text)
            statuses = sorted(it.result() for it in answers)
            service.stop()
    assert statuses == [201, 201, 503, 503, 503, 503]
    assert highest(collector, "count", state="used") == 2
    assert highest(collector, "max") == 2
    metrics = collector.metrics()
    name = "db.client.connection."
    assert metrics[f"{name}count"][-1].value + metrics[f"{name}count"][-2].value <= 2
    waits = metrics[f"{name}wait_time"][-1]
    assert float(waits.value["sum"]) < PATIENCE
    # Four were not to be had.
    assert int(waits.value["count"]) >= 2
    [pool] = {it.attributes[f"{name}pool.name"] for it in metrics[f"{name}count"]}
    assert pool.endswith(urlsplit(url).path)
    statuses_of = {
        (it.attributes["http.response.status_code"], it.attributes.get("error.type", ""))
        for it in metrics["http.server.request.duration"]
    }
    assert statuses_of == {(201, ""), (503, "TimeoutError")}


def highest(collector: Collector, metric: str, **attributes: str) -> float:
    """Return the highest value that a metric of the pool had so far."""
    wanted = {f"db.client.connection.{key}": value for key, value in attributes.items()}
    points = collector.metrics().get(f"db.client.connection.{metric}", [])
    return max([it.value for it in points if it.attributes.items() >= wanted.items()], default=0)


@pytest.mark.parametrize("project", each(SERVICES, usual=[SERVICE]), indirect=True)
def test_each_worker_exports_as_an_instance_of_its_own(
    project: Project, url: str, tmp_path: Path
) -> None:
    with collecting(project, tmp_path) as collector:
        env = {"DATABASE_URL": url, "APP_WORKERS": "2", **collector.env}

        def instances() -> set[str]:
            httpx2.get(service.url + COMPANIES)
            traced = {span.resource["service.instance.id"] for span in collector.spans()}
            points = collector.metrics().get("http.server.request.duration", [])
            return traced & {it.resource["service.instance.id"] for it in points}

        with serving(project, tmp_path / "log", **env) as service:
            wait_until(lambda: len(instances()) == 2, why=collector.text)
            said = service.stop()
    assert "Traceback" not in said, said


@pytest.mark.parametrize("project", each([SERVICE]), indirect=True)
def test_without_a_destination_nothing_is_measured(
    project: Project, url: str, tmp_path: Path
) -> None:
    # As a service of Docker Compose passes what is not set.
    empty = {"OTEL_EXPORTER_OTLP_ENDPOINT": "", "OTEL_SERVICE_NAME": "", "OTEL_TRACES_EXPORTER": ""}
    for env in (empty, {"OTEL_EXPORTER_OTLP_ENDPOINT": NOBODY, "OTEL_SDK_DISABLED": "true"}):
        log = tmp_path / "log"
        with serving(project, log, DATABASE_URL=url, **env) as service:
            httpx2.get(service.url + COMPANIES)
            maps = psutil.Process(service.process.pid).memory_maps()
            said = service.stop()
        assert not [it.path for it in maps if "google/_upb" in it.path], "the SDK is loaded"
        assert "Telemetry" not in said, said


@pytest.mark.parametrize("project", each([SERVICE]), indirect=True)
@pytest.mark.parametrize("hangs", [False, True], ids=["refuses", "hangs"])
def test_a_collector_that_is_away_costs_neither_requests_nor_the_log_nor_the_stop(
    project: Project, url: str, tmp_path: Path, *, hangs: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if not hangs:
            server.close()
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", **QUICK}
        with serving(project, tmp_path / "log", DATABASE_URL=url, **env) as service:
            with httpx2.Client() as client:
                for _ in range(400):
                    assert client.get(service.url + COMPANIES).elapsed.total_seconds() < 2
            began = monotonic()
            said = service.stop()
            took = monotonic() - began
    assert took < LONGEST_STOP, said
    ours = [line for line in said.splitlines() if "elemetry" in line]
    assert 1 <= len(ours) <= 4, said
    assert "Traceback" not in said, said


@pytest.mark.parametrize("project", each([SERVICE]), indirect=True)
def test_prometheus_finds_the_metrics_of_one_process_on_a_port_of_their_own(
    project: Project, url: str, tmp_path: Path
) -> None:
    port = free_port()
    env = {
        "DATABASE_URL": url,
        "OTEL_METRICS_EXPORTER": "prometheus",
        "OTEL_EXPORTER_PROMETHEUS_PORT": str(port),
    }
    with serving(project, tmp_path / "log", **env) as service:
        httpx2.get(service.url + COMPANIES)
        assert httpx2.get(f"{service.url}/metrics").status_code == 404
        text = httpx2.get(f"http://localhost:{port}/metrics").text
        # A second one beside it, such as the worker, serves without them.
        with serving(project, tmp_path / "second", **env) as second:
            assert httpx2.get(second.url + COMPANIES).status_code == 200
            said = second.stop()
        service.stop()
    assert f"There are no metrics for Prometheus on localhost port {port}" in said, said
    count = r'http_server_request_duration_seconds_count\{.*http_route="/api/v1/companies".*\} 1.0'
    assert re.search(count, text), text
    assert "db_client_connection_max" in text
    done = project.run(project.python, "-m", "app", "--workers", "2", **env)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "prometheus is for one process" in done.stderr, done.stderr


@pytest.mark.parametrize("project", each([SERVICE]), indirect=True)
def test_doctor_says_where_telemetry_goes_and_whether_it_gets_there(
    project: Project, url: str, tmp_path: Path
) -> None:
    def said(**env: str) -> str:
        done = project.run(project.python, "-m", "app", "doctor", DATABASE_URL=url, **env)
        assert done.returncode == 0, done.stderr
        assert SECRET not in done.stdout + done.stderr
        return done.stdout

    assert re.search(r"^Traces +nowhere$", said(), re.MULTILINE)
    key = {"OTEL_EXPORTER_OTLP_HEADERS": f"api-key={SECRET}"}
    with collecting(project, tmp_path, key=SECRET) as collector:
        answers = said(**collector.env, **key)
        assert f"\nTraces                       {collector.endpoint}/v1/traces answers\n" in answers
        assert answers.endswith("All is well.\n")
        refuses = said(**collector.env)
        assert "/v1/metrics does not accept them (401 Unauthorized; see OTEL_" in refuses, refuses
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": NOBODY, "OTEL_METRICS_EXPORTER": "prometheus"}
    lost = said(**env)
    assert "\nMetrics                      http://localhost:9464/metrics, while" in lost
    assert "127.0.0.1:9/v1/traces does not accept them within 2 s" in lost.splitlines()[-1]
    for name, wrong in WRONG.items():
        done = project.run(project.python, "-m", "app", "doctor", DATABASE_URL=url, **{name: wrong})
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert f": {name}: takes " in done.stderr
        # It may hold a password.
        assert wrong not in done.stderr


@pytest.mark.parametrize("project", each(WORKERS, usual=[WORKER]), indirect=True)
def test_a_job_is_a_span_and_the_queue_has_metrics(
    project: Project, url: str, tmp_path: Path
) -> None:
    add = (project.python, "-m", "app", "jobs", "add", "import_companies")
    good = json.dumps({"companies": [{"name": SECRET, "industry": SECRET}]})
    for payload in (good, good, '{"companies": 1}'):
        project.succeed(*add, payload, DATABASE_URL=url)
    with collecting(project, tmp_path) as collector:
        env = {"DATABASE_URL": url, "WORKER_CONCURRENCY": "1", **collector.env}
        with running(project, tmp_path / "log", "work", **env) as worker:

            def is_done() -> bool:
                return len([it for it in collector.spans() if it.kind == "CONSUMER"]) == 3

            wait_until(is_done, why=lambda: collector.text() + worker.log.read_text("utf-8"))
            said = worker.stop()
    spans = collector.spans()
    jobs = [span for span in spans if span.kind == "CONSUMER"]
    assert {it.name for it in jobs} == {"process import_companies"}
    assert [error_of(it) for it in jobs] == ["", "ConflictError", "HopelessError"], said
    insert = ("INSERT companies", "")
    assert insert in children(jobs[0], spans)
    assert jobs[0].attributes["app.job.kind"] == "import_companies"
    # No look at the queue has a trace of its own.
    assert {it.trace for it in spans} == {it.trace for it in jobs}
    metrics = collector.metrics()
    assert {"app.jobs.waiting", "app.jobs.oldest_age", "app.jobs.running"} <= metrics.keys()
    assert {it.value for it in metrics["app.jobs.running"]} <= {0, 1}
    assert max(it.value for it in metrics["app.jobs.waiting"]) <= 3
    assert SECRET not in collector.text()


@pytest.mark.full
@pytest.mark.parametrize("variant", each([*SERVICES, *WORKERS, (DRIVER, FIRST, SERVER, "yes", ON)]))
def test_a_project_with_telemetry_is_type_clean_and_its_own_tests_pass(
    variant: Variant, developed: Callable[..., Project]
) -> None:
    project = developed(variant)
    project.succeed(project.python, "-m", "ruff", "check")
    project.succeed(project.python, "-m", "mypy")
    # Its developer may have a collector, or not.
    project.pass_tests(OTEL_EXPORTER_OTLP_ENDPOINT=NOBODY)
