"""Visits, in the tests of their owner."""

import pytest
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import func, select, text

from app.companies.queries import create_company
from app.kit.db.read_only import ReadOnlyError
from app.kit.db.session import Sessions
from app.kit.http.sessions import get_sessions
from app.main import create_app
from app.settings import Settings
from app.visits.model import Mood, Visit
from app.visits.routes import add_visit


@pytest.mark.parametrize("_turn", [1, 2])
async def test_rows_that_refer_to_each_other_are_deleted(
    committing_sessions: Sessions, _turn: int
) -> None:
    async with committing_sessions.write.begin() as session:
        company = await create_company(session, name="Acme", industry="Anvils")
        first = Visit(company_id=company.id, mood=Mood.GOOD, code="A")
        session.add(first)
        await session.flush()
        session.add(Visit(company_id=company.id, after_id=first.id, mood=Mood.BAD, code="B"))


async def test_an_override_reaches_the_routes(settings: Settings, sessions: Sessions) -> None:
    app = create_app(settings)
    app.dependency_overrides[get_sessions] = lambda: sessions
    async with sessions.write.begin() as session:
        await create_company(session, name="Acme", industry="Anvils")
        await add_visit(session)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://service") as client:
        assert (await client.get("/visits")).json() == 1


async def test_the_route_is_answered(client: AsyncClient) -> None:
    assert (await client.get("/visits")).json() == 0


async def test_a_read_reads_and_does_not_write(sessions: Sessions) -> None:
    async with sessions.read() as session:
        assert await session.scalar(text("WITH x AS (SELECT 1 AS y) SELECT y FROM x")) == 1
        assert (
            await session.scalars(select(Visit).from_statement(text("TABLE visits")))
        ).all() == []
        connection = await session.connection()
        with pytest.raises(ReadOnlyError, match="DELETE"):
            await connection.execute(text("DELETE FROM visits"))
        with pytest.raises(ReadOnlyError, match="snapshot"):
            await session.stream(select(func.count(Visit.id)))
