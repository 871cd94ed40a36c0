"""The log of requests: one line for each, which nobody can forge."""

import re

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.session import Sessions
from app.kit.http.problems import unexpected_problem
from app.settings import Settings
from tests.support.client import open_client

ACME = {"name": "Acme", "industry": "Anvils"}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Return the log, with what the service would write to it."""
    caplog.set_level("INFO")
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines so far, with N for what differs from one request to the next."""
    messages = (record.getMessage() for record in log.records if record.name == "app.requests")
    return [re.sub(r"\d+ ms", "N ms", message) for message in messages]


async def test_each_request_is_one_line(client: AsyncClient, log: pytest.LogCaptureFixture) -> None:
    await client.post("/api/v1/companies", json=ACME)
    await client.post("/api/v1/companies", json=ACME)
    await client.get("/nowhere")
    assert lines(log) == [
        "POST /api/v1/companies 201 N ms",
        "POST /api/v1/companies 409 N ms",
        "GET /nowhere 404 N ms",
    ]


async def test_a_query_is_not_logged(client: AsyncClient, log: pytest.LogCaptureFixture) -> None:
    await client.get("/api/v1/companies?limit=1")
    assert lines(log) == ["GET /api/v1/companies 200 N ms"]


async def test_a_path_can_not_forge_a_line(
    client: AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    await client.get("/x%0D%0AINFO:%20app.requests:%20GET%20/%1B[2J%C3%A9%FF")
    [line] = lines(log)
    assert line.startswith("GET /x%0D%0AINFO:%20app.requests:%20GET%20/%1B%5B2J%C3%A9")
    assert line.endswith(" 404 N ms")
    assert line.isascii()
    assert line.isprintable()


def test_a_path_can_not_forge_an_error(log: pytest.LogCaptureFixture) -> None:
    unexpected_problem(RuntimeError("real"), "GET /x\r\nERROR: forged")
    assert [record.getMessage() for record in log.records] == ["GET /x\\r\\nERROR: forged failed"]


async def test_it_can_be_switched_off(
    settings: Settings, engine: AsyncEngine, sessions: Sessions, log: pytest.LogCaptureFixture
) -> None:
    quiet = settings.model_copy(update={"app_request_log": False})
    async with open_client(quiet, engine, sessions) as client:
        assert (await client.get("/health")).status_code == 200
    assert not lines(log)
