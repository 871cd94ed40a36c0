"""An answer that got lost is given again, by whichever process is asked, and nothing is done twice.

Two services of a project on one PostgreSQL have the route of docs/cookbook/idempotency_keys.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from support.cookbook import COOKBOOK
from support.databases.observer import APPLICATION, PATIENCE, Observer, observing, wait_until
from support.http.contract import PROBLEM
from support.http.raw_http import connected, reset
from support.models.owner_routes import include_owner
from support.projects import Copy, Project, Service, each, migrated_database, serving

pytestmark = pytest.mark.faults

RECIPE = COOKBOOK / "idempotency_keys.py"
CREATE = """
from app.event_loop import run
from app.kit.db.engine import open_engine
from app.owner import Base
from app.settings import Settings

async def main():
    async with open_engine(Settings()) as engine, engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)

run(main())
"""
FORGET = """
from app.event_loop import run
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.owner import forget_answers
from app.settings import Settings

async def main():
    async with open_engine(Settings()) as engine:
        async with create_sessions(engine).write.begin() as session:
            print(await forget_answers(session))

run(main())
"""
PATH = "/payments"
LOCK_TIMEOUT = 4
ENVIRONMENT = {
    "DB_APPLICATION_NAME": APPLICATION,
    "DB_LOCK_TIMEOUT": str(LOCK_TIMEOUT),
    "DB_POOL_SIZE": "8",
}


@dataclass(frozen=True)
class Two:
    """Two services on one database."""

    project: Project
    url: str
    services: list[Service]
    observer: Observer

    def pay(
        self, key: str | None, cents: int = 5, *, at: int = 0, who: str = "ada"
    ) -> httpx2.Response:
        """Ask one of them to pay."""
        headers = {"X-Api-Key": who} | ({} if key is None else {"Idempotency-Key": key})
        url = self.services[at].url + PATH
        return httpx2.post(url, json={"cents": cents}, headers=headers, timeout=PATIENCE)

    def payments(self) -> int:
        """Return how many were made."""
        return int(self.observer.value("SELECT count(*) FROM cookbook_payments"))

    def answers(self) -> int:
        """Return how many are kept."""
        return int(self.observer.value("SELECT count(*) FROM cookbook_answers"))

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Let payments wait for the length of the block."""
        self.observer.execute("BEGIN; LOCK TABLE cookbook_payments IN SHARE MODE")
        try:
            yield
        finally:
            self.observer.execute("COMMIT")

    def wait_for_locks(self, number: int) -> None:
        """Return once so many sessions wait for a lock."""
        wait_until(lambda: self.observer.sessions("wait_event_type = 'Lock'") == number)


def same(one: httpx2.Response, other: httpx2.Response) -> bool:
    """Return whether a client can't tell two answers apart."""
    names = ("Content-Type", "Location")
    return (one.status_code, one.content, *map(one.headers.get, names)) == (
        *(other.status_code, other.content),
        *map(other.headers.get, names),
    )


@pytest.fixture(scope="module", params=each([("asyncpg", "fastapi"), ("psycopg", "fastapi")]))
def shared(
    request: pytest.FixtureRequest,
    installed: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Two]:
    """Yield the services that the tests of this module share."""
    directory = tmp_path_factory.mktemp("two")
    project = Copy.of(installed(request.param), directory)
    # Its demonstration needs a client, which a service has not.
    text = RECIPE.read_text(encoding="utf-8")
    text = text.replace("from httpx2 import ASGITransport, AsyncClient\n", "AsyncClient = object\n")
    (project.path / "app" / "owner.py").write_text(text, encoding="utf-8")
    include_owner(project, "fastapi")
    with migrated_database(project, directory) as url, observing(url) as observer:
        project.succeed(project.python, "-c", CREATE, DATABASE_URL=url)
        env = ENVIRONMENT | {"DATABASE_URL": url}
        with ExitStack() as stack:
            services = [
                stack.enter_context(serving(project, directory / f"log{number}", **env))
                for number in range(2)
            ]
            yield Two(project, url, services, observer)


@pytest.fixture
def two(shared: Two) -> Iterator[Two]:
    """Yield the services, and forget all in the end."""
    yield shared
    wait_until(lambda: not shared.observer.sessions("state <> 'idle'"))
    shared.observer.execute("TRUNCATE cookbook_payments, cookbook_answers")


def new_key() -> str:
    return f'"{uuid4()}"'


def test_the_same_key_has_the_same_answer(two: Two) -> None:
    key = new_key()
    first = two.pay(key)
    assert first.status_code == 201
    assert first.headers["Location"] == f"{PATH}/{first.json()['id']}"
    assert all(same(first, two.pay(key, at=number % 2)) for number in range(4))
    assert not same(first, two.pay(new_key()))
    assert (two.payments(), two.answers()) == (2, 2)


def sent(key: str) -> bytes:
    """Return what `Two.pay` sends, for a client that won't read the answer."""
    body = '{"cents":5}'
    head = f"POST {PATH} HTTP/1.1\r\nHost: it\r\nX-Api-Key: ada\r\nIdempotency-Key: {key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"{head}{body}".encode()


def test_a_client_that_did_not_wait_for_its_answer_asks_again(two: Two) -> None:
    """It hangs up while the first process works, and asks the other one."""
    key = new_key()
    with two.slow(), connected(two.services[0].url) as connection:
        connection.sendall(sent(key))
        two.wait_for_locks(1)
        reset(connection)
    wait_until(lambda: not two.observer.sessions("state <> 'idle'"))
    # Whether the first one went on or was cancelled, there is one payment.
    answer = two.pay(key, at=1)
    assert answer.status_code == 201
    assert same(answer, two.pay(key, at=0))
    assert (two.payments(), two.answers()) == (1, 1)


def test_an_answer_that_nobody_read_is_given_again(two: Two) -> None:
    key = new_key()
    with connected(two.services[0].url) as connection:
        connection.sendall(sent(key))
        wait_until(two.answers)
        reset(connection)
    answer = two.pay(key, at=1)
    assert answer.status_code == 201
    assert answer.headers["Location"].startswith(PATH)
    assert (two.payments(), two.answers()) == (1, 1)


def test_of_two_at_once_one_works_and_the_other_is_told_409(two: Two) -> None:
    key = new_key()
    with ThreadPoolExecutor(2) as threads:
        with two.slow():
            first = threads.submit(two.pay, key)
            two.wait_for_locks(1)
            second = threads.submit(two.pay, key, at=1)
            two.wait_for_locks(2)
        assert first.result().status_code == 201
        assert second.result().status_code == 409
    assert second.result().headers["Content-Type"] == PROBLEM
    assert same(first.result(), two.pay(key, at=1))
    assert (two.payments(), two.answers()) == (1, 1)


def test_whoever_waits_gives_up_after_the_limit_for_locks(two: Two) -> None:
    key = new_key()
    assert two.pay(key).status_code == 201
    # As if the first one were still at work.
    two.observer.execute("CREATE TEMPORARY TABLE first AS SELECT * FROM cookbook_answers")
    two.observer.execute("TRUNCATE cookbook_payments, cookbook_answers")
    two.observer.execute("BEGIN; INSERT INTO cookbook_answers SELECT * FROM first")
    try:
        waited = two.pay(key)
    finally:
        two.observer.execute("ROLLBACK; DROP TABLE first")
    assert waited.status_code == 409
    assert LOCK_TIMEOUT <= waited.elapsed.total_seconds() < LOCK_TIMEOUT + 2
    assert two.pay(key).status_code == 201


def test_of_many_at_once_one_is_done(two: Two, figures: Callable[[str], None]) -> None:
    key = new_key()
    with ThreadPoolExecutor(8) as threads:
        answers = [*threads.map(lambda number: two.pay(key, at=number % 2), range(16))]
    statuses = Counter(answer.status_code for answer in answers)
    figures(f"16 at once, in two processes: {statuses}")
    assert {201} <= {*statuses} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert all(same(done[0], answer) for answer in done)
    assert (two.payments(), two.answers()) == (1, 1)


def test_a_request_that_fails_leaves_no_key(two: Two) -> None:
    key = new_key()
    assert two.pay(key, 0).status_code == 422
    assert (two.payments(), two.answers()) == (0, 0)
    assert two.pay(key, 5).status_code == 201


def test_a_process_that_dies_leaves_no_key(two: Two, tmp_path: Path) -> None:
    key, env = new_key(), ENVIRONMENT | {"DATABASE_URL": two.url}
    with (
        serving(two.project, tmp_path / "log", **env) as service,
        ThreadPoolExecutor(1) as threads,
        two.slow(),
    ):
        doomed = Two(two.project, two.url, [service], two.observer)
        lost = threads.submit(doomed.pay, key)
        two.wait_for_locks(1)
        service.process.kill()
        with pytest.raises(httpx2.TransportError):
            lost.result()
    wait_until(lambda: not two.observer.sessions("state <> 'idle'"))
    assert (two.payments(), two.answers()) == (0, 0)
    assert two.pay(key).status_code == 201


def test_a_key_is_for_one_request(two: Two) -> None:
    key = new_key()
    assert two.pay(key, 5).status_code == 201
    for answer in (two.pay(key, 6), two.pay(key, 6, at=1)):
        assert answer.status_code == 422
        assert answer.headers["Content-Type"] == PROBLEM
        assert "Idempotency-Key" in answer.json()["detail"]
    assert two.payments() == 1


def test_keys_of_one_client_do_not_meet_those_of_another(two: Two) -> None:
    key = new_key()
    answers = [two.pay(key, who=who) for who in ("ada", "bob", "Ada", "ada ada")]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.headers["Location"] for answer in answers}) == 4


@pytest.mark.parametrize(
    "key",
    [
        *(None, "", '""', "bare", "'single'", '"open', 'open"', '"a" "b"', '"a", "b"', '"tab\t"'),
        *('"back\\slash"', '"ü"', f'"{"a" * 101}"', ":YmluYXJ5:", "42", '"a";b=1'),
    ],
)
def test_what_is_no_key_is_refused(two: Two, key: str | None) -> None:
    headers = [("X-Api-Key", "ada")] + ([] if key is None else [("Idempotency-Key", key)])
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    url = two.services[0].url + PATH
    answer = httpx2.post(url, json={"cents": 5}, headers=encoded, timeout=PATIENCE)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    assert "double quotes" in answer.json()["detail"]
    assert two.payments() == 0


def test_two_keys_are_none(two: Two) -> None:
    headers = [("X-Api-Key", "ada"), ("Idempotency-Key", '"a"'), ("Idempotency-Key", '"b"')]
    url = two.services[0].url + PATH
    answer = httpx2.post(url, json={"cents": 5}, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 400


@pytest.mark.parametrize("key", ['"a"', '" "', '"say \\"no\\" \\\\"', f'"{"a" * 100}"'])
def test_a_key_is_any_string(two: Two, key: str) -> None:
    assert same(two.pay(key), two.pay(key, at=1))
    assert two.payments() == 1


def test_old_answers_are_forgotten(two: Two) -> None:
    old, new = new_key(), new_key()
    first = two.pay(old)
    two.observer.execute("UPDATE cookbook_answers SET created_at = now() - interval '25 hours'")
    kept = two.pay(new)
    # Until somebody forgets it, it is answered.
    assert same(first, two.pay(old))
    told = two.project.succeed(two.project.python, "-c", FORGET, DATABASE_URL=two.url)
    assert told.strip() == "1"
    assert same(kept, two.pay(new))
    assert not same(first, two.pay(old))
