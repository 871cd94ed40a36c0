"""A connection of a test's own to a service's PostgreSQL: it watches, and gets in the way.

What a request asks for decides what happens to it in the database:

- a name that begins with "slow insert" waits at the gate before its row is written, and
  "slow commit" waits in the COMMIT;
- the industry "refuse 23505" makes the COMMIT fail with this SQLSTATE;
- the industry "vanish" makes another row of it ("… (shadow)"). What was asked for is not done:
  SQLAlchemy misses its row after INSERT, and the service its row after UPDATE and DELETE.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

APPLICATION = "observed"
"""The DB_APPLICATION_NAME of the service that is observed."""
PATIENCE = 60
"""Seconds after which something is not slow but will not happen."""

_OBSTACLES = """
CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$;

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'refused' USING ERRCODE =
        split_part(CASE TG_OP WHEN 'DELETE' THEN OLD.industry ELSE NEW.industry END, ' ', 2);
END $$;

CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO companies (name, industry, created_at, updated_at)
        VALUES (coalesce(NEW.name, OLD.name) || ' (shadow)', 'shadow', now(), now());
    RETURN NULL;
END $$;

CREATE TRIGGER slow_insert BEFORE INSERT ON companies FOR EACH ROW
    WHEN (NEW.name LIKE 'slow insert%') EXECUTE FUNCTION wait_at_the_gate();
CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT ON companies DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.name LIKE 'slow commit%') EXECUTE FUNCTION wait_at_the_gate();
CREATE CONSTRAINT TRIGGER refuse_row AFTER INSERT OR UPDATE ON companies
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.industry LIKE 'refuse %') EXECUTE FUNCTION refuse();
CREATE CONSTRAINT TRIGGER refuse_delete AFTER DELETE ON companies
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.industry LIKE 'refuse %') EXECUTE FUNCTION refuse();
CREATE TRIGGER vanish BEFORE INSERT OR UPDATE ON companies FOR EACH ROW
    WHEN (NEW.industry = 'vanish') EXECUTE FUNCTION vanish();
CREATE TRIGGER vanish_delete BEFORE DELETE ON companies FOR EACH ROW
    WHEN (OLD.industry = 'vanish') EXECUTE FUNCTION vanish();

DROP ROLE IF EXISTS limited;
CREATE ROLE limited LOGIN PASSWORD 'secret';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO limited;
CREATE SEQUENCE logins;
CREATE FUNCTION count_login() RETURNS event_trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
BEGIN
    IF session_user = 'limited' THEN PERFORM nextval('public.logins'); END IF;
EXCEPTION WHEN OTHERS THEN RAISE 'too many logins' USING ERRCODE = '53300';
END $$;
CREATE EVENT TRIGGER count_login ON login EXECUTE FUNCTION count_login();
"""

# The server may have databases of other tests.
_OURS = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"


class Observer:
    """Looks at the database, and at the service's sessions in it."""

    def __init__(self, runner: asyncio.Runner, connection: asyncpg.Connection) -> None:
        """Use `connection`, which belongs to the loop of `runner`."""
        self._runner = runner
        self._connection = connection

    def execute(self, statement: str) -> None:
        """Execute what returns nothing, or several statements."""
        self._runner.run(self._connection.execute(statement))

    def value(self, query: str, *arguments: Any) -> Any:
        """Return the one value that a query returns."""
        return self._runner.run(self._connection.fetchval(query, *arguments))

    def count(self, pattern: str = "%") -> int:
        """Return how many companies with such a name are committed."""
        return int(self.value("SELECT count(*) FROM companies WHERE name LIKE $1", pattern))

    def sessions(self, condition: str = "true") -> int:
        """Return how many sessions the service has, of those in pg_stat_activity's view."""
        return int(self.value(f"SELECT count(*) {_OURS} AND ({condition})", APPLICATION))

    def client_ports(self) -> set[int]:
        """Return the ports at the service's end of its sessions."""
        return {*(self.value(f"SELECT array_agg(client_port) {_OURS}", APPLICATION) or [])}

    def waiting(self) -> int:
        """Return how many sessions of the service wait at the gate."""
        return self.sessions("wait_event = 'advisory'")

    def limit_logins(self, *, at_once: int = -1, in_all: int = 1_000_000) -> None:
        """Let there be a user "limited", password "secret", with so many connections."""
        self.execute(
            f"ALTER ROLE limited CONNECTION LIMIT {at_once};"
            f"ALTER SEQUENCE logins MAXVALUE {in_all} RESTART"
        )

    @contextmanager
    def closed_gate(self) -> Iterator[None]:
        """Let what is slow wait until the block ends, or the gate is opened in it."""
        self.execute("SELECT pg_advisory_lock(4711)")
        try:
            yield
        finally:
            self.open_gate()

    def open_gate(self) -> None:
        """Let everything pass."""
        self.execute("SELECT pg_advisory_unlock_all()")

    def put(self, name: str, industry: str) -> int:
        """Insert a company past every obstacle, and return its id."""
        self.execute("SET session_replication_role = replica")
        id_: int = self.value(
            "INSERT INTO companies (name, industry, created_at, updated_at)"
            " VALUES ($1, $2, now(), now()) RETURNING id",
            name,
            industry,
        )
        self.execute("SET session_replication_role = origin")
        return id_


@contextmanager
def observing(url: str) -> Iterator[Observer]:
    """Yield an observer of the database at `url`."""
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(url))
        try:
            yield Observer(runner, connection)
        finally:
            runner.run(connection.close())


@contextmanager
def obstructing(url: str) -> Iterator[Observer]:
    """Yield an observer of a migrated database, and put the obstacles into it."""
    with observing(url) as observer:
        observer.execute(_OBSTACLES)
        yield observer


def wait_until(condition: Callable[[], object], *, why: Callable[[], object] = str) -> None:
    """Return once `condition` holds; raise AssertionError, with `why`, if it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)
