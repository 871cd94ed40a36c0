"""Resources that an owner adds: mypy demands them, and the tests get them."""

from __future__ import annotations

import pytest
from support.bake import WEB_FRAMEWORKS
from support.models.owner_routes import include_owner
from support.projects import Project, Variant, answers, each, install, new_directory

pytestmark = pytest.mark.projects

VARIANTS: list[Variant] = [("aiosqlite", framework) for framework in WEB_FRAMEWORKS]
FASTAPI = """
from fastapi import APIRouter

from app.resources import Shared

router = APIRouter()


@router.get("/shared")
async def shared(resources: Shared) -> bool:
    return resources.http.is_closed
"""
LITESTAR = """
from litestar import get

from app.resources import Shared


@get("/shared")
async def shared(resources: Shared) -> bool:
    return resources.http.is_closed


HANDLERS = [shared]
"""
STARLETTE = """
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.resources import resources_of


async def shared(request: Request) -> Response:
    return JSONResponse(resources_of(request).http.is_closed)


routes = [Route("/shared", shared)]
"""
QUART = """
from quart import Blueprint

from app.resources import get_resources

blueprint = Blueprint("owner", __name__)


@blueprint.get("/shared")
async def shared() -> tuple[str, int]:
    return str(get_resources().http.is_closed).lower(), 200
"""
AIOHTTP = """
from aiohttp import web

from app.resources import resources_of

routes = web.RouteTableDef()


@routes.get("/shared")
async def shared(request: web.Request) -> web.Response:
    return web.json_response(resources_of(request).http.is_closed)
"""
SANIC = """
from typing import Any

from sanic import Blueprint, HTTPResponse, Request, json

from app.resources import resources_of

blueprint = Blueprint("owner")


@blueprint.get("/shared")
async def shared(request: Request[Any, Any]) -> HTTPResponse:
    return json(resources_of(request).http.is_closed)
"""
ROUTES = {
    "fastapi": FASTAPI,
    "litestar": LITESTAR,
    "starlette": STARLETTE,
    "quart": QUART,
    "aiohttp": AIOHTTP,
    "sanic": SANIC,
}
"""Written into `app/owner.py`."""
TEST = '''"""The client of HTTP is open, in the tests as in production."""

from httpx2 import AsyncClient


async def test_it_is_open(client: AsyncClient) -> None:
    response = await client.get("/shared")
    assert (response.status_code, response.text) == (200, "false")


async def test_it_is_open_as_in_production(committing_client: AsyncClient) -> None:
    response = await committing_client.get("/shared")
    assert (response.status_code, response.text) == (200, "false")
'''
OVERRIDES = '''"""Other factories reach all that routes ask for."""

from collections.abc import AsyncIterator

import pytest
from fastapi import Request
from httpx2 import ASGITransport, AsyncClient
from app.kit.db.session import Sessions
from app.kit.http.sessions import get_sessions
from app.main import create_app
from app.settings import Settings


@pytest.mark.parametrize("way", ["a function", "a generator"])
async def test_all_are_overridden(settings: Settings, sessions: Sessions, way: str) -> None:
    app = create_app(settings)

    async def lend(request: Request) -> AsyncIterator[Sessions]:
        assert request.url.path
        yield sessions

    app.dependency_overrides[get_sessions] = lend if way == "a generator" else lambda: sessions
    app.state.resources = None
    transport = ASGITransport(app)
    async with AsyncClient(transport=transport, base_url="http://service/api/v1") as client:
        body = {"name": "Acme", "industry": "Anvils"}
        assert (await client.post("/companies", json=body)).status_code == 201
        assert len((await client.get("/companies")).json()["items"]) == 1
        assert "Acme" in (await client.get("/companies/export")).text
'''
OF_LITESTAR = '''"""Other factories reach all that routes ask for."""

import pytest
from httpx2 import AsyncClient
from litestar.di import Provide

from app.kit.db.session import Sessions
from app.kit.http.sessions import DEPENDENCIES
from app.main import create_app
from app.settings import Settings
from httpx2 import ASGITransport


async def test_all_are_overridden(
    settings: Settings, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Provide(lambda: sessions, sync_to_thread=False)
    monkeypatch.setitem(DEPENDENCIES, "sessions", other)
    app = create_app(settings)
    transport = ASGITransport(app)  # type: ignore[arg-type]  # each names ASGI's types its own way
    async with AsyncClient(transport=transport, base_url="http://service/api/v1") as client:
        body = {"name": "Acme", "industry": "Anvils"}
        assert (await client.post("/companies", json=body)).status_code == 201
        assert len((await client.get("/companies")).json()["items"]) == 1
        assert "Acme" in (await client.get("/companies/export")).text
'''


@pytest.fixture(scope="module", params=each(VARIANTS, usual=VARIANTS[:1]))
def variant(request: pytest.FixtureRequest) -> Variant:
    """Return a driver that needs no server, and each framework."""
    found: Variant = request.param
    return found


@pytest.fixture(scope="module")
def project(variant: Variant, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with what its developers need."""
    return install(new_directory(tmp_path_factory), **answers(variant))


def test_what_is_added_is_there_everywhere(project: Project, variant: Variant) -> None:
    resources = project.path / "app" / "resources.py"
    field = "    settings: Settings\n"
    text = resources.read_text(encoding="utf-8")
    assert field in text
    text = text.replace(field, f"{field}    http: AsyncClient\n")
    text = text.replace("from app.settings", "from httpx2 import AsyncClient\n\nfrom app.settings")
    resources.write_text(text, encoding="utf-8")
    code = '"""An owner\'s."""\n' + ROUTES[variant[1]]
    (project.path / "app" / "owner.py").write_text(code, encoding="utf-8")
    include_owner(project, variant[1])
    tests = project.path / "tests"
    (tests / "test_shared.py").write_text(TEST, encoding="utf-8")
    forgotten = project.run(project.python, "-m", "mypy")
    assert forgotten.returncode, forgotten.stdout
    assert 'Missing positional argument "http"' in forgotten.stdout
    opened = "    yield Resources(settings, database.sessions, database.readiness)\n"
    assert opened in text
    text = text.replace(
        opened,
        "    async with AsyncClient() as http:\n"
        "        yield Resources(settings, database.sessions, database.readiness, http)\n",
    )
    resources.write_text(text, encoding="utf-8")
    project.succeed(project.python, "-m", "mypy")
    assert project.pass_tests("tests/test_shared.py") == 2


def test_the_sessions_can_be_overridden(project: Project, variant: Variant) -> None:
    overrides = {"fastapi": OVERRIDES, "litestar": OF_LITESTAR}.get(variant[1])
    if overrides is None:
        # There is no injection: routes take their sessions from what is shared.
        return
    test = project.path / "tests" / "test_overrides.py"
    test.write_text(overrides, encoding="utf-8")
    project.pass_tests("tests/test_overrides.py")
