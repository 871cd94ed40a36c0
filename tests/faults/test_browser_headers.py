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
EXPOSED = {"Location", "Retry-After", "X-Request-ID"}
ALLOWED = {
    "Headers": {"Authorization", "Content-Type"},
    "Methods": {"DELETE", "GET", "PATCH", "POST"},
}
"""What a page may send; Starlette's middleware also names the headers that every page may."""
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
    ours = ("x-request-id",)
    return {k: v for k, v in response.headers.items() if k.startswith(TOLD) and k not in ours}


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def preflight(
    client: httpx2.Client,
    path: str,
    origin: str,
    *,
    method: str = "POST",
    headers: str = "authorization",
) -> httpx2.Response:
    """Ask as a browser does before it sends a page's request."""
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return client.options(path, headers={"Origin": origin} | asked)


def test_nothing_by_default(project: Project, tmp_path: Path) -> None:
    with target(project, tmp_path) as it, httpx2.Client(base_url=it.url, timeout=60) as client:
        for status, response in answers(client, OURS):
            assert (response.status_code, told(response)) == (status, {})
        assert not told(preflight(client, COMPANIES, OURS))


def listed(response: httpx2.Response, name: str) -> set[str]:
    """Return the words of a header."""
    return {word.strip() for word in response.headers.get(name, "").split(",") if word.strip()}


def assert_allows(response: httpx2.Response) -> None:
    """Check what a page may send, by the answer to a browser's question."""
    assert response.is_success
    for name, words in ALLOWED.items():
        assert words <= listed(response, f"Access-Control-Allow-{name}")
    assert response.headers["Access-Control-Max-Age"] == "600"


def test_pages_of_our_origins(project: Project, tmp_path: Path) -> None:
    env = {"APP_CORS_ORIGINS": f"{OURS}, http://localhost:3000", "APP_SECURITY_HEADERS": "true"}
    with (
        target(project, tmp_path, **env) as it,
        httpx2.Client(base_url=it.url, timeout=60) as client,
    ):
        for origin in (OURS, FOREIGN, f"{OURS}.evil.example", "null", None):
            for status, response in answers(client, origin):
                assert response.status_code == status
                assert lower(SECURITY).items() <= told(response).items(), (origin, response.request)
                # No cache gives one page the answer to another.
                assert "Origin" in listed(response, "Vary"), (origin, response.request)
                granted = OURS if origin == OURS else None
                assert response.headers.get("Access-Control-Allow-Origin") == granted
                if granted:
                    assert listed(response, "Access-Control-Expose-Headers") == EXPOSED
        for path in (COMPANIES, f"{COMPANIES}/1", "/api/v1/nothing"):
            response = preflight(client, path, OURS)
            assert_allows(response)
            assert response.headers["Access-Control-Allow-Origin"] == OURS
            response = preflight(client, path, FOREIGN)
            assert "Access-Control-Allow-Origin" not in response.headers
            assert lower(SECURITY).items() <= told(response).items()
        # A question without what makes it one is none.
        assert client.options(COMPANIES, headers={"Origin": OURS}).status_code != 500
        it.check()


def test_pages_of_any_origin(project: Project, tmp_path: Path) -> None:
    with (
        target(project, tmp_path, APP_CORS_ORIGINS="*") as it,
        httpx2.Client(base_url=it.url, timeout=60) as client,
    ):
        for status, response in answers(client, FOREIGN):
            assert response.status_code == status
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert listed(response, "Access-Control-Expose-Headers") == EXPOSED
        assert_allows(preflight(client, COMPANIES, FOREIGN))


def test_another_header_for_authentication(project: Project, tmp_path: Path) -> None:
    env = {"APP_CORS_ORIGINS": OURS, "APP_CORS_HEADERS": "X-Api-Key, Content-Type"}
    with (
        target(project, tmp_path, **env) as it,
        httpx2.Client(base_url=it.url, timeout=60) as client,
    ):
        response = preflight(client, COMPANIES, OURS, method="PUT", headers="x-api-key")
        assert response.is_success
        names = {name.lower() for name in listed(response, "Access-Control-Allow-Headers")}
        assert names >= {"x-api-key", "content-type"}
        assert "authorization" not in names
        assert "PUT" in listed(response, "Access-Control-Allow-Methods")


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


def test_what_is_no_header_is_refused(project: Project) -> None:
    done = project.run(project.python, "-m", "app", APP_CORS_HEADERS="X-Api-Key: secret")
    assert done.returncode == 1
    assert "APP_CORS_HEADERS: takes names of headers" in done.stderr
    assert "secret" not in done.stderr
