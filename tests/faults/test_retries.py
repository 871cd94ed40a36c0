"""Units of work that get in each other's way are done again, and none that may have been done.

1,000 transfers between 10 accounts by 16 clients at SERIALIZABLE; COMMITs whose answers get lost;
and routes as an owner writes them.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from support.databases.cutting_proxy import cutting_proxy
from support.databases.observer import PATIENCE, observing
from support.databases.real import database_for
from support.models.owner_routes import include_owner
from support.places import OWNERS, PROBES
from support.projects import Copy, Project, Variant, each, migrated_database, serving

pytestmark = pytest.mark.faults

SCRIPT = PROBES / "transfers.py"
TRANSFERS, CLIENTS, ACCOUNTS, START = 1000, 16, 10, 100
SEED = 20261129
DRIVERS: list[Variant] = [
    (driver, "fastapi") for driver in ("asyncpg", "psycopg", "asyncmy", "aiomysql", "aiosqlite")
]
SERVERS = DRIVERS[:4]
SERVICES: list[Variant] = [("asyncpg", "fastapi"), ("psycopg", "aiohttp")]
ENVIRONMENT = {
    "DB_POOL_SIZE": str(CLIENTS),
    "DB_POOL_TIMEOUT": "60",
    "DB_PREWARM": "0",
    # SQLite's own way to try again, which would leave nothing to do.
    "DB_BUSY_TIMEOUT": "0.005",
}
MOST = 3
"""Companies of an industry that the routes allow."""


@dataclass(frozen=True)
class Books:
    """What came of transfers, as those who made them know it, and as the database does."""

    done: list[int]
    failed: dict[str, int]
    """How many failed for good, by the code."""
    attempts: int
    ledger: list[tuple[int, int, int, int]]
    """What is in the database: number, source, target and amount of each."""
    balances: list[int]

    def check(self) -> None:
        """Nothing is lost, nothing is done twice, and what is there was reported."""
        assert [number for number, *_ in self.ledger] == self.done
        expected = [START] * ACCOUNTS
        for _, source, target, amount in self.ledger:
            expected[source - 1] -= amount
            expected[target - 1] += amount
        assert self.balances == expected
        assert sum(self.balances) == ACCOUNTS * START


def transfer(project: Project, url: str, number: int, clients: int, kind: str) -> Books:
    """Let the project make transfers, and return the books."""
    told = project.succeed(
        *(project.python, SCRIPT, str(number), str(clients), kind, str(SEED)),
        **ENVIRONMENT,
        DATABASE_URL=url,
        PYTHONPATH=str(project.path),
    )
    return Books(**json.loads(told))


@pytest.mark.parametrize("variant", each(DRIVERS))
def test_no_transfer_is_lost_or_made_twice(
    variant: Variant,
    installed: Callable[..., Project],
    tmp_path: Path,
    figures: Callable[[str], None],
) -> None:
    project, few = installed(variant), TRANSFERS // 5
    with database_for(project.driver, tmp_path) as url:
        plain = transfer(project, url, few, CLIENTS, "plain")
        books = transfer(project, url, TRANSFERS, CLIENTS, "retried")
    for it in (plain, books):
        it.check()
    retries = books.attempts - TRANSFERS
    figures(
        f"{len(books.done)} of {TRANSFERS} transfers done with {retries} retries; "
        f"without `retry` {len(plain.done)} of {few}, and errors {plain.failed}"
    )
    # They do get in each other's way, and without `retry` that is an error.
    assert len(plain.done) + sum(plain.failed.values()) == few
    assert plain.failed
    assert retries > 0
    assert (books.done, books.failed) == ([*range(TRANSFERS)], {})


@pytest.mark.parametrize("delivered", [True, False], ids=["answer", "commit"])
@pytest.mark.parametrize("variant", each(SERVERS))
def test_a_commit_that_may_be_done_is_not_tried_again(
    variant: Variant, installed: Callable[..., Project], tmp_path: Path, *, delivered: bool
) -> None:
    project = installed(variant)
    with (
        database_for(project.driver, tmp_path) as url,
        cutting_proxy(url, after=b"INSERT INTO ledger", delivered=delivered) as proxy,
    ):
        books = transfer(project, proxy.url, 1, 1, "retried")
    assert proxy.cuts == 1
    # Who made it can't know which of both it was.
    assert (books.done, books.failed, books.attempts) == ([], {"lost": 1}, 1)
    assert [number for number, *_ in books.ledger] == ([0] if delivered else [])
    assert sum(books.balances) == ACCOUNTS * START


@dataclass(frozen=True)
class Scene:
    """A project with its owner's routes, and its database."""

    project: Project
    url: str
    directory: Path

    def post(self, path: str, *, through: str = "", at_once: int = CLIENTS) -> list[int]:
        """Send as many companies of one industry at once, and return the statuses."""
        env = ENVIRONMENT | {"DATABASE_URL": through or self.url}
        log = self.directory / "log"
        with ExitStack() as stack:
            service = stack.enter_context(serving(self.project, log, **env))
            threads = stack.enter_context(ThreadPoolExecutor(at_once))

            def send(number: int) -> int:
                body = {"name": f"{path} {number}", "industry": path}
                response = httpx2.post(service.url + path, json=body, timeout=PATIENCE)
                retry_after = response.headers.get("Retry-After")
                assert (response.status_code == 503) == (retry_after == "1"), response.text
                return response.status_code

            statuses = [*threads.map(send, range(at_once))]
            assert "Traceback" not in service.written()
        return statuses

    def count(self, industry: str) -> int:
        """Return how many companies of an industry are committed."""
        query = "SELECT count(*) FROM companies WHERE industry = $1"
        with observing(self.url) as observer:
            return int(observer.value(query, industry))


@pytest.fixture(params=each(SERVICES))
def scene(
    request: pytest.FixtureRequest, installed: Callable[..., Project], tmp_path: Path
) -> Iterator[Scene]:
    """Yield a project to which its owner has added two routes, one of which is retried."""
    _, framework = request.param
    project = Copy.of(installed(request.param), tmp_path)
    shutil.copy(OWNERS / "retried" / "limited.py", project.path / "app" / "limited.py")
    shutil.copy(OWNERS / "retried" / f"{framework}.py", project.path / "app" / "owner.py")
    include_owner(project, framework)
    with migrated_database(project, tmp_path) as url:
        yield Scene(project, url, tmp_path)


def test_routes_as_an_owner_writes_them(scene: Scene, figures: Callable[[str], None]) -> None:
    plain, retried = Counter(scene.post("/plain")), Counter(scene.post("/retried"))
    figures(f"{CLIENTS} at once, of which {MOST} may: plain {plain}, retried {retried}")
    assert retried == {201: MOST, 409: CLIENTS - MOST}
    assert scene.count("/retried") == MOST
    # Without it, a client is told to come back, and nothing else is different.
    assert plain[503] > 0
    assert plain[201] == scene.count("/plain") <= MOST


def test_an_answer_of_the_database_that_got_lost_is_a_503(scene: Scene) -> None:
    with cutting_proxy(scene.url, after=b"INSERT INTO companies", delivered=True) as proxy:
        assert scene.post("/retried", through=proxy.url, at_once=1) == [503]
    assert (proxy.cuts, scene.count("/retried")) == (1, 1)
