"""Deadlocks that are caught: of what was written before and after them nothing is committed."""

import asyncio

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.companies.queries import create_company
from app.kit.db.session import Sessions
from app.kit.db.undone import UndoneError

LOCK = text("UPDATE companies SET industry = 'Locked' WHERE name = :name")


async def test_a_unit_that_goes_on_after_a_deadlock_is_refused(
    committing_sessions: Sessions,
) -> None:
    async with committing_sessions.write.begin() as session:
        for name in ("One", "Two"):
            await create_company(session, name=name, industry="Free")
    caught = 0

    async def unit(first: str, second: str) -> None:
        nonlocal caught
        async with committing_sessions.write.begin() as session:
            await create_company(session, name=f"Beside {first}", industry="Free")
            await session.execute(LOCK, {"name": first})
            await both.wait()
            try:
                await session.execute(LOCK, {"name": second})
            except DBAPIError:
                caught += 1
                await create_company(session, name=f"After {first}", industry="Free")

    both = asyncio.Barrier(2)
    outcomes = await asyncio.gather(unit("One", "Two"), unit("Two", "One"), return_exceptions=True)
    assert caught == 1
    [refused] = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(refused, UndoneError)
    async with committing_sessions.read() as session:
        names = set(await session.scalars(text("SELECT name FROM companies")))
    winner = "One" if outcomes[0] is None else "Two"
    assert names == {"One", "Two", f"Beside {winner}"}
