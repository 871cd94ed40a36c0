"""The log of requests: one line for each, which nobody can forge, with the id of its answer."""

import asyncio
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.kit.db.session import Sessions
from app.kit.http.problems import unexpected_problem
from app.kit.log import add_fields, log_fields
from app.settings import Settings
from tests.support.client import open_client

ACME = {"name": "Acme", "industry": "Anvils"}
Records = list[logging.LogRecord]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Return the log, with what the service would write to it."""
    caplog.set_level("INFO")
    return caplog


@pytest.fixture
def records(log: pytest.LogCaptureFixture) -> Iterator[Records]:  # noqa: ARG001  sets the level
    """Yield what the log has of requests, with the fields that its handler adds."""
    records = []

    def note(record: logging.LogRecord) -> bool:
        add_fields(record)
        records.append(record)
        return True

    logger = logging.getLogger("app.requests")
    logger.addFilter(note)
    yield records
    logger.removeFilter(note)


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


async def test_a_line_has_fields_for_machines(client: AsyncClient, records: Records) -> None:
    location = (await client.post("/api/v1/companies", json=ACME)).headers["Location"]
    await client.get(location)
    await client.head(location)
    await client.get(f"{location}/nothing")
    created, found, head, missing = map(vars, records)
    assert (created["method"], created["status"], created["outcome"]) == ("POST", 201, "answered")
    assert created["transactions"] == ["committed"]
    assert 0 < created["duration"] < 60
    assert created["route"] == "/api/v1/companies"
    assert re.fullmatch(r"/api/v1/companies/[{<][a-z:]*company_id[a-z:]*[}>]", found["route"])
    assert (head["method"], head["route"]) == ("HEAD", found["route"])
    assert (missing["status"], missing["route"]) == (404, None)


async def test_a_line_has_the_id_of_the_answer(client: AsyncClient, records: Records) -> None:
    """Whether it is a success, or a problem of a route, of the framework, or of a middleware."""
    json = {"Content-Type": "application/json"}
    answers = [
        await client.get("/health"),
        await client.get("/api/v1/companies/export"),
        await client.get("/nothing"),
        await client.put("/health"),
        await client.get("/api/v1/companies/4711"),
        await client.get("/api/v1/companies/x"),
        await client.post("/api/v1/companies", content=b" " * 2_000_000, headers=json),
        await client.head("/health"),
        await client.head("/nothing"),
    ]
    statuses = [200, 200, 404, 405, 404, 422, 413, 200, 404]
    assert [answer.status_code for answer in answers] == statuses
    for answer, record in zip(answers, records, strict=True):
        [request_id] = answer.headers.get_list("X-Request-ID")
        assert vars(record)["request_id"] == request_id
        if answer.is_error and answer.content:
            assert answer.json()["instance"] == request_id
    assert len({vars(record)["request_id"] for record in records}) == len(records)
    assert not log_fields.get()


@pytest.mark.parametrize("given", ["a", "7f-Z_~.9", "x" * 128])
async def test_an_id_that_is_sane_is_taken(client: AsyncClient, given: str) -> None:
    answer = await client.get("/nothing", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == answer.json()["instance"] == given


@pytest.mark.parametrize(
    "given",
    [
        *([value] for value in (b"", b"-", b".a", b"a b", b"a,b", b"a/b", b"a:b", b"a\tb")),
        *([value] for value in (b"x" * 129, b"x" * 4_000, b"\xe9", "日本".encode(), b'a"')),
        [b"a", b"a"],
        [b"a", b"b"],
    ],
)
async def test_any_other_id_is_replaced(client: AsyncClient, given: list[bytes]) -> None:
    headers: Any = [(b"X-Request-ID", value) for value in given]
    answer = await client.get("/nothing", headers=headers)
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])


async def test_ids_of_requests_at_the_same_time_are_not_mixed_up(
    client: AsyncClient, records: Records
) -> None:
    async def ask(number: int) -> None:
        headers = {"X-Request-ID": f"id-{number}"}
        body = ACME | {"name": f"name-{number}"}
        answer = await client.post("/api/v1/companies", json=body, headers=headers)
        assert answer.headers["X-Request-ID"] == f"id-{number}"

    # One after the other begins, and all wait for the database.
    await asyncio.gather(*map(ask, range(20)))
    assert {vars(record)["request_id"] for record in records} == {f"id-{n}" for n in range(20)}


async def test_an_id_needs_no_log(
    settings: Settings, engine: AsyncEngine, sessions: Sessions
) -> None:
    quiet = settings.model_copy(update={"app_request_log": False})
    async with open_client(quiet, engine, sessions) as client:
        answer = await client.get("/nothing", headers={"X-Request-ID": "mine"})
    assert answer.headers["X-Request-ID"] == answer.json()["instance"] == "mine"
