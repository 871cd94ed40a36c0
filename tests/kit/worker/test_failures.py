"""A job that fails leaves no row and says why; it is tried again if that may help."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.queries import create_company
from app.jobs import HANDLERS
from app.kit.db.session import Sessions
from app.kit.jobs.failures import HopelessError
from app.kit.jobs.handling import Handler
from app.settings import Settings
from tests.kit.companies import count_companies
from tests.kit.database import doom
from tests.support.workers import enqueue, finished, working

ACME = {"name": "Acme", "industry": "Anvils"}


def fails_once(monkeypatch: pytest.MonkeyPatch, fail: Handler) -> None:
    """Make a handler of the kind "test" that adds a company and calls `fail` the first time."""
    attempts = []

    async def handler(session: AsyncSession, payload: Mapping[str, Any]) -> None:
        await create_company(session, **ACME)
        attempts.append(payload)
        if len(attempts) == 1:
            await fail(session, payload)

    monkeypatch.setitem(HANDLERS, "test", handler)


async def raise_an_error(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    raise RuntimeError("after the flush")


async def raise_what_no_database_stores(
    _session: AsyncSession, _payload: Mapping[str, Any]
) -> None:
    raise RuntimeError("two\nlines and \0\ud800" + 100_000 * "x")


async def cancel_itself(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    raise asyncio.CancelledError


async def exit_the_program(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    raise SystemExit(2)


async def give_up(_session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_give_up())


async def _give_up() -> None:
    raise HopelessError("The supplier is closed.")


async def take_the_name_again(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    await create_company(session, **ACME)


async def let_commit_fail(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
    await doom(session)


@pytest.mark.parametrize("fail", [raise_an_error, cancel_itself, exit_the_program])
async def test_an_attempt_that_fails_leaves_no_row_and_is_not_the_last(
    impatient: Settings,
    committing_sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    fail: Handler,
) -> None:
    fails_once(monkeypatch, fail)
    job_id = await enqueue(committing_sessions, "test")
    async with working(impatient):
        job = await finished(committing_sessions, job_id)
    assert (job.state, job.attempts, job.last_error) == ("done", 2, None)
    assert await count_companies(committing_sessions) == 1


@pytest.mark.parametrize(
    ("fail", "ending"),
    [
        (raise_an_error, (2, "RuntimeError: after the flush")),
        (raise_what_no_database_stores, (2, r"RuntimeError: two lines and \ud800xxx")),
        (cancel_itself, (2, "Something that it waited for was cancelled.")),
        (exit_the_program, (2, "It called sys.exit().")),
        (give_up, (1, "The supplier is closed.")),
        (take_the_name_again, (1, "There is a company with this name already.")),
        # {% if cookiecutter.__database == "mysql" %}
        (let_commit_fail, (2, "the connection is lost")),
        # {% else %}
        (let_commit_fail, (1, "IntegrityError")),
        # {% endif %}
    ],
)
async def test_a_job_that_always_fails_stays_and_says_why(
    impatient: Settings,
    committing_sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    fail: Handler,
    ending: tuple[int, str],
) -> None:
    async def handler(session: AsyncSession, payload: Mapping[str, Any]) -> None:
        await create_company(session, **ACME)
        await fail(session, payload)

    monkeypatch.setitem(HANDLERS, "test", handler)
    job_id = await enqueue(committing_sessions, "test")
    # Alone: another might take it after a failed COMMIT, before that is noted.
    async with working(impatient.model_copy(update={"worker_concurrency": 1})):
        job = await finished(committing_sessions, job_id)
    attempts, reason = ending
    assert (job.state, job.attempts) == ("failed", attempts)
    assert job.last_error
    assert reason in job.last_error
    assert "Acme" not in job.last_error
    assert await count_companies(committing_sessions) == 0


@pytest.mark.parametrize(
    ("kind", "payload", "reason"),
    [
        ("nothing_we_know", {}, "There is no handler for jobs of the kind 'nothing_we_know'."),
        # {% if cookiecutter._frameworks[cookiecutter.framework].schemas == "msgspec" %}
        ("import_companies", {}, "Object missing required field `companies`."),
        ("import_companies", {"companies": [{"name": " "}]}, "`$.companies[0].name`"),
        # {% else %}
        ("import_companies", {}, "The payload is wrong: companies: Field required."),
        ("import_companies", {"companies": [{"name": " "}]}, "companies.0.name"),
        # {% endif %}
        ("import_customers", {"company_id": 0, "customers": []}, "company_id"),
    ],
)
async def test_what_can_not_be_done_is_tried_once(
    impatient: Settings,
    committing_sessions: Sessions,
    kind: str,
    payload: dict[str, Any],
    reason: str,
) -> None:
    job_id = await enqueue(committing_sessions, kind, **payload)
    async with working(impatient):
        job = await finished(committing_sessions, job_id)
    assert (job.state, job.attempts) == ("failed", 1)
    assert reason in (job.last_error or "")


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_job_that_takes_too_long_is_rolled_back_and_tried_again(
    impatient: Settings,
    committing_sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stubborn: bool,
) -> None:
    async def rest(session: AsyncSession, _payload: Mapping[str, Any]) -> None:
        await create_company(session, **ACME)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not stubborn:
                raise

    monkeypatch.setitem(HANDLERS, "test", rest)
    job_id = await enqueue(committing_sessions, "test")
    async with working(impatient.model_copy(update={"worker_job_timeout": 0.1})):
        job = await finished(committing_sessions, job_id)
    assert (job.state, job.attempts) == ("failed", 2)
    assert job.last_error == "It took longer than 0.1 s (WORKER_JOB_TIMEOUT)."
    assert await count_companies(committing_sessions) == 0
