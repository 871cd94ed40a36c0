"""A unit of work that others got in the way of is done again, within bounds, and no other one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.companies.queries import create_company, list_companies
from app.kit.db.failures import Failure, classify
from app.kit.db.outages import outages
from app.kit.db.retries import retry
from app.kit.db.session import Sessions
from app.kit.errors import ConflictError
from tests.kit.database import contend, doom
from tests.kit.provocations import PROVOCATIONS

Then = Callable[[AsyncSession], Awaitable[object]]


class Unit:
    """A unit of work that does the same each time, and remembers when."""

    def __init__(self, *then: Then) -> None:
        self.begun: list[float] = []
        self._then = then

    async def __call__(self, session: AsyncSession) -> int:
        self.begun.append(monotonic())
        number = len(self.begun)
        company = await create_company(session, name="Acme", industry=f"Attempt {number}")
        if number <= len(self._then):
            await self._then[number - 1](session)
        return company.id


async def met(session: AsyncSession) -> None:
    """Fail as those do who met others."""
    await session.run_sync(contend)


async def rows(sessions: Sessions) -> list[tuple[int, str]]:
    async with sessions.read() as session:
        page = await list_companies(session, limit=9)
    return [(company.id, company.industry) for company in page.items]


async def test_it_is_done_again_until_it_is_committed(committing_sessions: Sessions) -> None:
    unit = Unit(met, met)
    id_ = await retry(committing_sessions.write, unit)
    assert len(unit.begun) == 3
    assert await rows(committing_sessions) == [(id_, "Attempt 3")]


async def test_without_it_the_first_failure_is_the_last(committing_sessions: Sessions) -> None:
    unit = Unit(met)
    with pytest.raises(DBAPIError) as caught:
        async with committing_sessions.write.begin() as session:
            await unit(session)
    assert classify(caught.value) is Failure.UNAVAILABLE


async def test_attempts_are_limited(committing_sessions: Sessions) -> None:
    unit = Unit(*[met] * 9)
    with pytest.raises(DBAPIError) as caught:
        await retry(committing_sessions.write, unit, attempts=4)
    assert classify(caught.value) is Failure.UNAVAILABLE
    assert len(unit.begun) == 4
    assert await rows(committing_sessions) == []


async def test_they_are_limited_in_time(committing_sessions: Sessions) -> None:
    unit, within = Unit(*[met] * 1_000), 1
    with pytest.raises(DBAPIError):
        await retry(committing_sessions.write, unit, attempts=1_000, within=within)
    assert 1 < len(unit.begun) < 1_000
    # A second for a busy machine, which wakes us late.
    assert unit.begun[-1] - unit.begun[0] < within + 1


async def refuse(_session: AsyncSession) -> None:
    raise ConflictError("There is one already.")


async def crash(_session: AsyncSession) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("then", [*PROVOCATIONS, doom, refuse, crash])
async def test_what_failed_for_another_reason_is_not_done_again(
    committing_sessions: Sessions, then: Then
) -> None:
    unit = Unit(then)
    with pytest.raises((SQLAlchemyError, ConflictError, ZeroDivisionError)):
        await retry(committing_sessions.write, unit)
    assert len(unit.begun) == 1
    assert await rows(committing_sessions) == []


async def test_a_cancellation_ends_it(committing_sessions: Sessions, engine: AsyncEngine) -> None:
    unit = Unit(*[met] * 1_000)
    endless = retry(committing_sessions.write, unit, attempts=1_000, within=1_000)
    task = asyncio.create_task(endless)
    while len(unit.begun) < 3 and not task.done():  # noqa: ASYNC110  a unit has no event to wait for
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(engine.pool, AsyncAdaptedQueuePool)
    assert engine.pool.checkedout() == 0
    assert await rows(committing_sessions) == []


async def test_a_stream_is_no_unit(committing_sessions: Sessions) -> None:
    """What has begun to leave the process could not be taken back."""

    async def stream(session: AsyncSession) -> AsyncIterator[int]:
        begun.append(1)
        yield (await create_company(session, name="Acme", industry="Streams")).id

    begun: list[int] = []
    not_a_unit: Any = stream
    with pytest.raises(TypeError, match="await"):
        await retry(committing_sessions.write, not_a_unit)
    assert not begun


async def test_the_log_has_the_first_one_and_their_number(
    committing_sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    outages.close()
    caplog.clear()
    await retry(committing_sessions.write, Unit(met, met, met))
    [first] = caplog.messages
    outages.close()
    assert first.startswith("A unit of work is done again: ")
    assert caplog.messages[1].startswith("2 more like this, the last: A unit of work is done again")


async def test_a_session_that_only_reads_may_be_retried(committing_sessions: Sessions) -> None:
    async def read(session: AsyncSession) -> int:
        return len((await list_companies(session, limit=1)).items)

    for sessions in (committing_sessions.snapshot, committing_sessions.read):
        assert await retry(sessions, read) == 0
