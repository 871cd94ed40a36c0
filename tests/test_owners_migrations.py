"""Migrations that an owner writes, run by one process, by several at once, and after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from support.bake import ANSWERS
from support.databases.observer import observing, wait_until
from support.databases.real import database_for
from support.models.revisions import Migrator, revision
from support.pages import blocks, read_page
from support.projects import Project, each

pytestmark = pytest.mark.projects

WAITING = "Another process migrates this database"
AUTOCOMMIT = "with op.get_context().autocommit_block():\n    "
CREATE = "op.create_table('notes', sa.Column('id', sa.Integer))\n"
DROP = "op.drop_table('notes')\n"
ALONE = {"postgresql": "VACUUM companies", "mysql": "ANALYZE TABLE companies", "sqlite": "VACUUM"}
POSTGRESQL = [("asyncpg", "fastapi"), ("psycopg", "fastapi")]
EVERY = [(driver, "fastapi") for driver in ANSWERS["_drivers"]]
ONE_OF_EACH_DATABASE = [(driver, "fastapi") for driver in ("asyncpg", "asyncmy", "aiosqlite")]


@pytest.fixture(params=each(EVERY, usual=ONE_OF_EACH_DATABASE))
def project(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return an installed project of each driver."""
    return installed(request.param)


@pytest.fixture
def postgresql(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return one whose database is PostgreSQL."""
    return installed(request.param)


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return one whose database is SQLite."""
    return installed(request.param)


def on_postgresql(*, usual: list[tuple[str, str]]) -> pytest.MarkDecorator:
    """Run a test with both drivers, of which some are `usual`."""
    return pytest.mark.parametrize("postgresql", each(POSTGRESQL, usual=usual), indirect=True)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Yield a function that returns the URL of an empty database for a driver."""
    with ExitStack() as stack:

        def url_for(driver: str) -> str:
            directory = tmp_path_factory.mktemp("database")
            return stack.enter_context(database_for(driver, directory))

        yield url_for


@pytest.mark.parametrize("project", each(EVERY, usual=ONE_OF_EACH_DATABASE[1:]), indirect=True)
def test_three_at_once_take_turns_and_one_does_the_work(
    project: Project, servers: Callable[[str], str], tmp_path: Path
) -> None:
    """It leaves its transaction, and has not noted its revision then."""
    url, gate = servers(project.driver), tmp_path / "gate"
    alone = ALONE[ANSWERS["_drivers"][project.driver]["database"]]
    wait = f"while not Path({str(gate)!r}).exists(): time.sleep(0.05)"
    up = f"{CREATE}{AUTOCOMMIT}{wait}\n    op.execute('{alone}')"
    with revision(project, "slow", up=up, down=DROP):
        first = Migrator(project, url)
        first.wait_until_it_says("running slow")
        others = [Migrator(project, url), Migrator(project, url)]
        for other in others:
            other.wait_until_it_says(WAITING)
        gate.touch()
        ended = [migrator.end() for migrator in (first, *others)]
        assert [code for code, _ in ended] == [0, 0, 0], ended
        assert [printed.count("running") for _, printed in ended] == [1, 0, 0]
        assert [printed.count(WAITING) for _, printed in ended] == [0, 1, 1]


def test_one_that_is_killed_leaves_no_lock(project: Project, servers: Callable[[str], str]) -> None:
    url = servers(project.driver)
    with revision(project, "slow", up="time.sleep(600)"):
        victim = Migrator(project, url)
        victim.wait_until_it_says("running slow")
        waiter = Migrator(project, url)
        waiter.wait_until_it_says(WAITING)
        victim.process.kill()
        victim.end()
        waiter.wait_until_it_says("running slow")
        waiter.process.kill()
        waiter.end()


def test_one_that_fails_leaves_those_before_it_applied(
    project: Project, servers: Callable[[str], str]
) -> None:
    url = servers(project.driver)
    with (
        revision(project, "good", up=CREATE, down=DROP),
        revision(project, "bad", up="op.execute('no SQL')", after="good"),
    ):
        code, printed = Migrator(project, url).end()
        assert (code, "no SQL" in printed) == (1, True)
    with (
        revision(project, "good", up=CREATE, down=DROP),
        revision(project, "bad", up="pass", after="good"),
    ):
        code, printed = Migrator(project, url).end()
        assert (code, printed.count("running")) == (0, 1), printed


@pytest.mark.parametrize("sqlite", each([("aiosqlite", "fastapi")]), indirect=True)
def test_one_that_leaves_orphans_is_undone(sqlite: Project, servers: Callable[[str], str]) -> None:
    url = servers(sqlite.driver)
    orphan = "INSERT INTO customers VALUES (1, 42, 'x', 'x@y', 'active', 0, '2026-01-01')"
    with revision(sqlite, "orphan", up=f'{CREATE}op.execute("{orphan}")'):
        code, printed = Migrator(sqlite, url).end()
        assert code != 0
        assert "rows that refer to nothing" in printed
        assert "Traceback" not in printed
        assert "INSERT INTO customers" in Migrator(sqlite, url, "upgrade", "head", "--sql").end()[1]


BUILDING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active'
      AND datname = current_database() AND now() - query_start > interval '1 second'
"""
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_companies_industry'::regclass"
GONE = "SELECT to_regclass('ix_companies_industry') IS NULL"
FROM_A_RUNNING_LOOP = """
from app.event_loop import run
from app.kit.db.engine import open_engine
from app.kit.db.migrations import downgrade
from app.settings import Settings

async def main():
    async with open_engine(Settings()) as engine, engine.connect() as connection:
        await downgrade(connection, "-1")

run(main())
"""
OLD_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM companies"


def building_an_index(project: Project) -> str:
    """Return the migration that its docs/database.md shows, for a table that is there."""
    page = read_page(project.path, "database.md")
    [code] = [it.text for it in blocks(page) if "postgresql_concurrently" in it.text]
    return code.replace("invoices", "companies").replace("status", "industry")


@contextmanager
def built(project: Project) -> Iterator[None]:
    """Have a migration in the project that builds an index, and one that takes it down."""
    down = AUTOCOMMIT + "op.drop_index('ix_companies_industry', postgresql_concurrently=True)"
    with revision(project, "index", up=building_an_index(project), down=down):
        yield


@on_postgresql(usual=POSTGRESQL)
def test_three_at_once_build_an_index_concurrently(
    postgresql: Project, servers: Callable[[str], str]
) -> None:
    """It takes longer than a table may be waited for, because of somebody who reads."""
    url = servers(postgresql.driver)
    postgresql.migrate(DATABASE_URL=url)
    with built(postgresql), observing(url) as reader, observing(url) as observer:
        reader.execute(OLD_SNAPSHOT)
        migrators = [Migrator(postgresql, url, DB_LOCK_TIMEOUT="0.1") for _ in range(3)]
        wait_until(lambda: sum(WAITING in it.printed for it in migrators) == 2)
        wait_until(lambda: observer.value(BUILDING))
        # Whoever waits is at rest, and holds no snapshot.
        held = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%try_advisory%'"
            " AND state <> 'active' AND backend_xmin IS NOT NULL"
        )
        assert not observer.value(held)
        reader.execute("COMMIT")
        ended = [migrator.end() for migrator in migrators]
        assert [code for code, _ in ended] == [0, 0, 0], ended
        assert sum("running index" in printed for _, printed in ended) == 1
        assert observer.value(VALID)
        postgresql.succeed(postgresql.python, "-c", FROM_A_RUNNING_LOOP, DATABASE_URL=url)
        assert observer.value(GONE)


@on_postgresql(usual=POSTGRESQL[:1])
def test_an_index_that_was_cut_short_is_built_anew(
    postgresql: Project, servers: Callable[[str], str]
) -> None:
    url = servers(postgresql.driver)
    postgresql.migrate(DATABASE_URL=url)
    with built(postgresql), observing(url) as observer:
        with observing(url) as reader:
            reader.execute(OLD_SNAPSHOT)
            victim = Migrator(postgresql, url)
            wait_until(lambda: observer.value(BUILDING))
            observer.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND datname = current_database()"
            )
            assert victim.end()[0] != 0
        assert observer.value(VALID) is False
        code, printed = Migrator(postgresql, url).end()
        assert code == 0, printed
        assert observer.value(VALID)


MOOD = "op.execute(\"CREATE TYPE mood AS ENUM ('calm')\")"
MORE = "op.execute(\"ALTER TYPE mood ADD VALUE 'glad'\")"
USE = (
    "op.execute(\"CREATE TABLE moods (mood mood DEFAULT 'glad')\")\n"
    "op.execute('INSERT INTO moods DEFAULT VALUES')"
)


@on_postgresql(usual=POSTGRESQL[:1])
def test_a_member_that_one_migration_adds_is_used_by_the_next(
    postgresql: Project, servers: Callable[[str], str]
) -> None:
    """Online, and in the script that `--sql` prints, on a type that is there already."""
    url, by_hand = servers(postgresql.driver), servers(postgresql.driver)
    with (
        revision(postgresql, "mood", up=MOOD),
        revision(postgresql, "more", up=MORE, after="mood"),
        revision(postgresql, "use", up=USE, after="more"),
    ):
        for database in (url, by_hand):
            assert Migrator(postgresql, database, "upgrade", "mood").end()[0] == 0
        code, printed = Migrator(postgresql, url).end()
        assert code == 0, printed
        command = ("-m", "alembic", "upgrade", "mood:head", "--sql")
        sql = postgresql.succeed(postgresql.python, *command, DATABASE_URL=url)
    with observing(by_hand) as observer:
        observer.execute(sql)
    for database in (url, by_hand):
        with observing(database) as observer:
            assert observer.value("SELECT mood::text FROM moods") == "glad"
