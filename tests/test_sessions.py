"""Sessions as an owner uses them: those that only read can't write, and leaks are reclaimed."""

from __future__ import annotations

import importlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bake import bake, choices
from support.places import OWNERS
from support.projects import Project, Variant, each, migrated_database, running
from support.variants import OF_DATABASES
from support.worker_contract import ENVIRONMENT, check, enqueue

DRIVERS: list[Variant] = [(driver, choices("framework")[0]) for driver in choices("driver")]
MISTAKES = ("forget", "keep_the_error", "drop_a_task", "leave_a_generator", "outlive_the_server")


@pytest.mark.projects
@pytest.mark.parametrize("variant", each(DRIVERS, usual=[DRIVERS[0], DRIVERS[2]]))
def test_what_is_forgotten_comes_back_and_what_is_held_is_named(
    installed: Callable[..., Project], variant: Variant, tmp_path: Path
) -> None:
    project = installed(variant)
    # Away from the modules beside it, which have the names of frameworks.
    script = Path(shutil.copy(OWNERS / "forgetful.py", tmp_path))
    with migrated_database(project, tmp_path) as url:
        # SQLite: who waits for the lock of a session that was forgotten gives up sooner.
        env = {"DATABASE_URL": url, "DB_BUSY_TIMEOUT": "1.2"}
        said = project.succeed(project.python, script, **env).splitlines()
    came_back, (held, *places) = said[:10], said[10:]
    assert came_back == [f"{size} {mistake} 1" for size in (1, 3) for mistake in MISTAKES]
    assert held.startswith("A connection has been held for 0.3 s (DB_LEAK_THRESHOLD).")
    source = script.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(source, 1) if text.endswith("# here"))
    assert places[-1].endswith(f"line {line}, in take")


@pytest.mark.projects
@pytest.mark.parametrize("variant", each([(DRIVERS[0][0], "none")]))
def test_a_worker_that_listens_has_no_leak(
    installed: Callable[..., Project], variant: Variant, tmp_path: Path
) -> None:
    project = installed(variant)
    env = {**ENVIRONMENT, "DB_LEAK_THRESHOLD": "0.5"}
    with (
        migrated_database(project, tmp_path) as url,
        running(project, tmp_path / "log", DATABASE_URL=url, **env) as worker,
    ):
        enqueue(project, url)
        check(project, url)
        time.sleep(1)
        assert "held for" not in worker.stop()


TEXTS = {
    "postgresql": ["'{}'", "'it''s {}'", "E'\\'{}'", "$${}$$", "$a$ ' {} $a$", '"{}"'],
    "mysql": ["'{}'", "'it\\'s {}'", '"{}"', "`{}`"],
    "sqlite": ["'{}'", "'it''s {}'", '"{}"', "`{}`", "[{}]"],
}
COMMENTS = {
    "postgresql": ["-- {}\n", "/* {} */", "/* ' /* {} */ \" */"],
    "mysql": ["-- {}\n", "# {}\n", "/* ' {} */", "/*+ {} */"],
    "sqlite": ["-- {}\n", "/* ' {} */", "/* /* {} */"],
}
READS = {
    "": [
        "SELECT a, b.delete FROM t AS b WHERE a IN (SELECT update FROM t)",
        "select replace(a, b, c) from t",
        "WITH RECURSIVE w (n) AS (SELECT 1) SELECT n FROM w JOIN t USING (id)",
        "VALUES (1)",
        "EXPLAIN DELETE FROM t",
    ],
    "postgresql": [
        "TABLE t",
        "SHOW all",
        "( SELECT 1 )",
        "EXPLAIN (ANALYZE, BUFFERS) SELECT 1",
        "EXPLAIN ANALYZE VERBOSE WITH w AS (SELECT 1) SELECT 1 FROM w",
        "SELECT a #> b, $1::int, a / b * c FROM t WHERE a @> ARRAY[1]",
    ],
    "mysql": ["SHOW TABLES", "DESC t", "ANALYZE FORMAT=JSON SELECT 1", "SELECT 5--1"],
    "sqlite": ["PRAGMA foreign_keys", "PRAGMA main.table_info(t)", "EXPLAIN QUERY PLAN SELECT 1"],
}
WRITES = {
    "": [
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "WITH w AS (SELECT 1) DELETE FROM t",
        "WITH w AS (SELECT 1) UPDATE t SET a = 1",
        "SELECT 1; DELETE FROM t",
        "SELECT a INTO b FROM t",
        "DROP TABLE t",
        "CALL f()",
        "SET a = 1",
        "COMMIT",
        "ANALYZE t",
    ],
    "postgresql": [
        "WITH w AS (DELETE FROM t RETURNING a) SELECT a FROM w",
        "WITH w AS NOT MATERIALIZED (UPDATE t SET a = 1 RETURNING a) SELECT a FROM w",
        "WITH RECURSIVE w AS (SELECT 1 AS a) CYCLE a SET b USING c DELETE FROM t",
        "EXPLAIN ANALYZE DELETE FROM t",
        "EXPLAIN (ANALYZE, VERBOSE) UPDATE t SET a = 1",
        "EXPLAIN ANALYZE CREATE TABLE b AS SELECT 1",
        "COPY t FROM STDIN",
        "SELECT pg_catalog.nextval(a)",
        "SELECT a FROM t FOR NO KEY UPDATE",
        "DO b",
    ],
    "mysql": [
        "/*! DELETE FROM t */",
        "SELECT 1 /*!50000 INTO OUTFILE a */",
        "ANALYZE TABLE t",
        "ANALYZE FORMAT=JSON DELETE FROM t",
        "DESC ANALYZE DELETE a FROM a JOIN b",
        "SELECT a FROM t LOCK IN SHARE MODE",
        "SELECT NEXT VALUE FOR s",
        "REPLACE t VALUES (1)",
    ],
    "sqlite": [
        "PRAGMA query_only = 0",
        "PRAGMA foreign_keys(0)",
        "PRAGMA main.wal_checkpoint",
        "WITH w AS (SELECT 1) REPLACE INTO t SELECT 1",
        "ATTACH a AS b",
    ],
}


@pytest.fixture(scope="module", params=OF_DATABASES)
def refusal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Callable[..., str | None]]]:
    """Yield a database, and what its projects ask about statements."""
    project = bake(tmp_path_factory.mktemp("bake"), driver=OF_DATABASES[request.param])
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(project)
        for name in [it for it in sys.modules if it.partition(".")[0] == "app"]:
            patch.delitem(sys.modules, name)
        # Texts are asked about. The guard beside it imports these, and they are not installed here.
        for name in ("sqlalchemy", "sqlalchemy.ext", "sqlalchemy.ext.asyncio"):
            patch.setitem(sys.modules, name, Mock())
        yield request.param, importlib.import_module("app.kit.db.read_only").refusal
        for name in [it for it in sys.modules if it.partition(".")[0] == "app"]:
            del sys.modules[name]


@settings(deadline=None)
@given(data=st.data())
def test_a_write_is_found_however_it_is_written_and_a_read_is_left_alone(
    refusal: tuple[str, Callable[..., str | None]], data: st.DataObject
) -> None:
    """The database's texts and comments stand between the words, full of the other kind."""
    database, refuses = refusal
    reads, writes = ([*it[""], *it[database]] for it in (READS, WRITES))

    def dressed(statement: str, others: list[str]) -> str:
        noise = st.sampled_from(COMMENTS[database]), st.sampled_from(others)
        words = statement.split(" ")
        for place in data.draw(st.lists(st.integers(0, len(words)), max_size=3)):
            comment, other = map(data.draw, noise)
            words.insert(place, comment.format(other.replace("*/", "")))
        return data.draw(st.sampled_from([" ", "\n", " \t"])).join(words)

    read = data.draw(st.sampled_from(reads))
    text = data.draw(st.sampled_from(TEXTS[database])).format(data.draw(st.sampled_from(writes)))
    read = dressed(read.replace("SELECT", "SELECT TEXT ,"), writes).replace("TEXT", text)
    question: Any = {"in_transaction": True, "streams": False}
    assert refuses(read, **question) is None
    write = data.draw(st.sampled_from(writes))
    assert "use `Sessions.write`" in str(refuses(dressed(write, reads), **question))


def test_a_refusal_names_the_statement(refusal: tuple[str, Callable[..., str | None]]) -> None:
    _, refuses = refusal
    for statement in ["ANALYZE companies", "EXPLAIN ANALYZE DELETE FROM companies"]:
        said = str(refuses(statement, in_transaction=True, streams=False))
        assert any(f"with {word} is no read" in said for word in ("ANALYZE", "DELETE"))
