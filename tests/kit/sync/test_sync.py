"""The synchronous twin reaches the same database, by the same rules."""

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import QueuePool

from app.companies.model import Company
from app.companies.queries import list_companies
from app.kit.db.failures import Failure, classify
from app.kit.db.session import Sessions
from app.kit.db.sync import create_sync_session_factory, open_sync_engine, retry_sync
from app.kit.db.types import utc_now
from app.settings import Settings
from tests.kit.database import contend
from tests.kit.provocations import an_orphan


def acme() -> Company:
    """Return a company that is not stored yet."""
    return Company(name="Acme 🏭", industry="Anvils")


async def test_what_it_commits_the_service_sees(
    settings: Settings, committing_sessions: Sessions
) -> None:
    before = utc_now()
    with (
        open_sync_engine(settings) as engine,
        create_sync_session_factory(engine).begin() as session,
    ):
        session.add(acme())
    async with committing_sessions.read() as session:
        [company] = (await list_companies(session, limit=2)).items
    assert company.name == "Acme 🏭"
    assert before <= company.created_at <= utc_now()


@pytest.mark.usefixtures("committing_sessions")
async def test_a_block_that_fails_leaves_no_row(settings: Settings) -> None:
    def add_and_fail(factory: sessionmaker[Session]) -> None:
        with factory.begin() as session:
            session.add(acme())
            session.flush()
            raise RuntimeError("in the block")

    with open_sync_engine(settings) as engine:
        factory = create_sync_session_factory(engine)
        with pytest.raises(RuntimeError, match="in the block"):
            add_and_fail(factory)
        with factory() as session:
            assert session.scalar(select(func.count()).select_from(Company)) == 0


@pytest.mark.usefixtures("committing_sessions")
@pytest.mark.parametrize("row", [acme, an_orphan])
async def test_its_errors_mean_the_same(settings: Settings, row: object) -> None:
    assert callable(row)
    with open_sync_engine(settings) as engine:
        factory = create_sync_session_factory(engine)
        with factory.begin() as session:
            session.add(acme())
        with pytest.raises(IntegrityError) as caught, factory.begin() as session:
            session.add(row())
    assert classify(caught.value) is Failure.CONFLICT


@pytest.mark.usefixtures("committing_sessions")
async def test_a_unit_of_work_is_retried(settings: Settings) -> None:
    tries = []

    def unit(session: Session) -> int | None:
        tries.append(1)
        session.add(acme())
        session.flush()
        if len(tries) < 3:
            contend(session)
        return session.scalar(select(func.count()).select_from(Company))

    with open_sync_engine(settings) as engine:
        factory = create_sync_session_factory(engine)
        assert retry_sync(factory, unit) == 1
        assert len(tries) == 3
        with pytest.raises(IntegrityError):
            retry_sync(factory, unit)
        assert len(tries) == 4
        with factory() as session:
            assert session.scalar(select(func.count()).select_from(Company)) == 1


async def test_it_is_closed_in_the_end(settings: Settings) -> None:
    def connections(engine: Engine) -> int:
        assert isinstance(engine.pool, QueuePool)
        return engine.pool.checkedin()

    with open_sync_engine(settings) as engine:
        with engine.connect():
            pass
        assert connections(engine) == 1
    assert connections(engine) == 0


def test_a_slow_query_is_logged_with_its_place(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    always = settings.model_copy(update={"app_slow_query": 1e-9})
    with open_sync_engine(always) as engine, engine.connect() as connection:
        connection.execute(text("SELECT 1 AS slow"))
    records = map(vars, caplog.records)
    [record] = [record for record in records if "slow" in record.get("statement", "")]
    assert record["place"].replace("\\", "/").startswith("tests/kit/test_sync.py:")
