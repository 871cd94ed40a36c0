"""Browsers are told what the settings say, in every answer, by every framework alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from support.bake import WEB_FRAMEWORKS
from support.databases.postgres_server import postgres_server
from support.http.contract import COMPANIES
from support.http.hostile_service import target
from support.projects import Project, each, serving

pytestmark = pytest.mark.faults

VARIANTS = [("asyncpg", framework) for framework in WEB_FRAMEWORKS]
OURS, FOREIGN = "https://app.example.com", "https://elsewhere.example"
SECURITY = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
EXPOSED = {"Access-Control-Expose-Headers": "Location, Retry-After"}
ALLOWED = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Allow-Methods": "DELETE, GET, PATCH, POST",
    "Access-Control-Max-Age": "600",
}
TOLD = ("access-control-", "content-security", "referrer", "vary", "x-", "strict-transport")
JSON = {"Content-Type": "application/json"}


@pytest.fixture(params=each(VARIANTS))
def project(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return a project of each framework."""
    return installed(request.param)


def answers(client: httpx2.Client, origin: str | None) -> Iterator[tuple[int, httpx2.Response]]:
    """Yield a status, and what is answered with it: a success, a stream, a failure."""
    headers = {"Origin": origin} if origin else {}
    client.delete(f"{COMPANIES}/{new(client)}")
    yield 200, client.get("/health", headers=headers)
    yield 200, client.get(f"{COMPANIES}/export", headers=headers)
    yield 404, client.get("/api/v1/nothing", headers=headers)
    yield 404, client.get(f"{COMPANIES}/4711", headers=headers)
    yield 405, client.put(COMPANIES, headers=headers)
    yield 409, client.post(COMPANIES, json={"name": "Target", "industry": "x"}, headers=headers)
    yield 413, client.post(COMPANIES, content=b" " * 2_000_000, headers=headers | JSON)
    yield 422, client.post(COMPANIES, json={}, headers=headers)
    yield 204, client.delete(f"{COMPANIES}/{new(client)}", headers=headers)


def new(client: httpx2.Client) -> int:
    """Return the id of a company."""
    response = client.post(COMPANIES, json={"name": "New", "industry": "x"})
    id_: int = response.json()["id"]
    return id_


def told(response: httpx2.Response) -> dict[str, str]:
    """Return the headers that are for browsers."""
    return {k: v for k, v in response.headers.items() if k.startswith(TOLD)}


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def preflight(client: httpx2.Client, path: str, origin: str) -> httpx2.Response:
    """Ask as a browser does before a page's POST."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"}
    return client.options(path, headers={"Origin": origin} | asked)


def test_nothing_by_default(project: Project, tmp_path: Path) -> None:
    with target(project, tmp_path) as it, httpx2.Client(base_url=it.url, timeout=60) as client:
        for status, response in answers(client, OURS):
            assert (response.status_code, told(response)) == (status, {})
        assert not told(preflight(client, COMPANIES, OURS))


def test_pages_of_our_origins(project: Project, tmp_path: Path) -> None:
    env = {"APP_CORS_ORIGINS": f"{OURS}, http://localhost:3000", "APP_SECURITY_HEADERS": "true"}
    expected = {
        OURS: SECURITY | EXPOSED | {"Vary": "Origin", "Access-Control-Allow-Origin": OURS},
        FOREIGN: SECURITY | {"Vary": "Origin"},
        f"{OURS}.evil.example": SECURITY | {"Vary": "Origin"},
        "null": SECURITY | {"Vary": "Origin"},
        None: SECURITY | {"Vary": "Origin"},
    }
    with (
        target(project, tmp_path, **env) as it,
        httpx2.Client(base_url=it.url, timeout=60) as client,
    ):
        for origin, headers in expected.items():
            for status, response in answers(client, origin):
                found = (response.status_code, told(response))
                assert found == (status, lower(headers)), (origin, response.request)
        for path in (COMPANIES, f"{COMPANIES}/1", "/api/v1/nothing"):
            response = preflight(client, path, OURS)
            assert (response.status_code, response.content) == (204, b"")
            assert told(response) == lower(expected[OURS] | ALLOWED), path
            response = preflight(client, path, FOREIGN)
            assert (response.status_code, told(response)) == (204, lower(expected[FOREIGN]))
        # A question without what makes it one is none.
        assert client.options(COMPANIES, headers={"Origin": OURS}).status_code != 500
        it.check()


def test_pages_of_any_origin(project: Project, tmp_path: Path) -> None:
    headers = EXPOSED | {"Access-Control-Allow-Origin": "*"}
    with (
        target(project, tmp_path, APP_CORS_ORIGINS="*") as it,
        httpx2.Client(base_url=it.url, timeout=60) as client,
    ):
        for origin in (FOREIGN, None):
            for status, response in answers(client, origin):
                assert (response.status_code, told(response)) == (status, lower(headers))
        assert told(preflight(client, COMPANIES, FOREIGN)) == lower(headers | ALLOWED)


def test_an_answer_without_the_database(project: Project, tmp_path: Path) -> None:
    env = {"APP_CORS_ORIGINS": OURS, "APP_SECURITY_HEADERS": "true"}
    with postgres_server() as postgres:
        url = postgres.database_url
        project.migrate(DATABASE_URL=url)
        with serving(project, tmp_path / "log", DATABASE_URL=url, **env) as service:
            postgres.stop("immediate")
            response = httpx2.get(service.url + COMPANIES, headers={"Origin": OURS}, timeout=60)
    assert response.status_code == 503
    assert told(response)["access-control-allow-origin"] == OURS
    assert SECURITY.items() <= {k.title(): v for k, v in told(response).items()}.items()


@pytest.mark.parametrize("origins", ["https://app.example.com/", "app.example.com", "null", "a,b"])
def test_what_is_no_origin_is_refused(project: Project, origins: str) -> None:
    done = project.run(project.python, "-m", "app", APP_CORS_ORIGINS=origins)
    assert done.returncode == 1
    assert "APP_CORS_ORIGINS: takes https://HOST" in done.stderr
