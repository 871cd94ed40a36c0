"""Run in a project: the examples of `docs/sessions.md` and `docs/retries.md`, and mistakes.

Those are what docs/sessions.md says never to do. `app/page.py` has the pages' blocks. Put into the
project as a module of its tests.
"""

import asyncio
import gc
import json
import warnings
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import lazyload

from app import page
from app.invoices.model import Invoice, Line, Status
from app.invoices.queries import create_invoice, get_invoice
from app.kit.db.leaks import watch_leaks
from app.kit.db.session import Sessions
from app.kit.db.types import UtcDateTime

CLAIMS = json.loads((Path(__file__).parent / "claims.json").read_text(encoding="utf-8"))


@pytest.fixture
async def known(committing_sessions: Sessions) -> tuple[Sessions, int]:
    """Return production's sessions and the id of an invoice with two lines."""
    lines = [Line(text=it, amount=Decimal("12.50")) for it in ("Anvil", "Rope")]
    async with committing_sessions.write.begin() as session:
        invoice = await create_invoice(session, number="2026-1", status=Status.DRAFT, lines=lines)
    return committing_sessions, invoice.id


async def test_the_examples(known: tuple[Sessions, int]) -> None:
    sessions, invoice_id = known
    assert await page.send(sessions, "2026-1")
    await page.mark_paid(sessions, "2026-1")
    assert await page.count_by_status(sessions, "2026-") == {"paid": 1}
    assert [it async for it in page.stream_numbers(sessions)] == ["2026-1"]
    [invoice] = await page.load_in_the_query(sessions)
    assert [line.text for line in invoice.lines] == ["Anvil", "Rope"]
    await page.load_later(sessions, invoice_id)
    assert await page.call_synchronous_code(sessions, invoice_id) == "2026-1: 3 lines"


async def unloaded(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.read() as session:
        _ = (await session.get_one(Invoice, invoice_id)).lines


async def lazy(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.read() as session:
        query = select(Invoice).options(lazyload(Invoice.lines)).where(Invoice.id == invoice_id)
        _ = (await session.scalars(query)).one().lines


async def write_with_read(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.snapshot() as session:
        with pytest.raises(RuntimeError, match=r"use `Sessions.write`\.(?m:$)"):
            await session.execute(text("DELETE FROM invoices"))
    async with sessions.read() as session:
        (await get_invoice(session, invoice_id)).status = Status.PAID
        await session.flush()


async def stream_with_read(sessions: Sessions, _invoice_id: int) -> None:
    async with sessions.read() as session:
        with pytest.raises(RuntimeError, match=r"use `Sessions.snapshot`\.(?m:$)"):
            await session.stream(select(Invoice))
        async with session.begin_nested():
            await session.scalar(select(Invoice.id))


async def use_after_the_block(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        pass
    await get_invoice(session, invoice_id)


async def commit_in_a_query(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        await session.commit()
        await get_invoice(session, invoice_id)


async def naive(sessions: Sessions, _invoice_id: int) -> None:
    async with sessions.read() as session:
        moment = bindparam("moment", datetime(2026, 1, 1), UtcDateTime)  # noqa: DTZ001
        await session.scalar(select(moment))


async def rounded(sessions: Sessions, invoice_id: int) -> None:
    async with sessions.write.begin() as session:
        session.add(Line(invoice_id=invoice_id, text="Rope", amount=Decimal("0.999")))


DEEDS: dict[str, Callable[[Sessions, int], Awaitable[None]]] = {
    "read a relationship that no query loaded": unloaded,
    'lazy loading, without `lazy="raise"`': lazy,
    "write with `read` or `snapshot`": write_with_read,
    "stream, or a savepoint, with `read`": stream_with_read,
    "use a session after its block": use_after_the_block,
    "commit in a query": commit_in_a_query,
    "a datetime without a time zone": naive,
    "an amount that would be rounded": rounded,
}
ELSEWHERE = {
    # Below.
    "hold a session while waiting for something else",
    # test_a_websocket_has_no_write in the template's tests/test_owners_sessions.py.
    "`Write` in a WebSocket",
}


def test_every_claim_is_tried() -> None:
    assert {*DEEDS} <= {*CLAIMS} <= {*DEEDS} | ELSEWHERE


@pytest.mark.parametrize("claim", DEEDS)
async def test_what_never_to_do(known: tuple[Sessions, int], claim: str) -> None:
    said = CLAIMS[claim]
    with pytest.raises(Exception) as raised:  # noqa: PT011  what it says is compared below
        await DEEDS[claim](*known)
    told = f"{type(raised.value).__name__}: {raised.value}"
    assert all(part in told for part in said), told
    # aiosqlite leaves a coroutine behind that nobody awaits.
    with warnings.catch_warnings(action="ignore"):
        del raised
        gc.collect()


async def test_a_connection_that_is_held_is_logged(
    known: tuple[Sessions, int], engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    sessions, invoice_id = known
    watch_leaks(engine, 0.05)
    async with sessions.write.begin() as session:
        await get_invoice(session, invoice_id)
        await asyncio.sleep(0.2)
    said, *_ = CLAIMS["hold a session while waiting for something else"]
    assert said in caplog.text
