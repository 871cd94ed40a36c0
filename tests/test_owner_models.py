"""Models that an owner adds: autogenerate writes migrations that run, and then check is clean."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from support.bake import ANSWERS, choices
from support.databases.real import database_for
from support.models.catalogue import CATALOGUES
from support.models.drawn_models import versions
from support.models.owner_files import MODELS_OF_AN_OWNER, TEST_OF_AN_OWNER
from support.places import PROBES
from support.projects import Project, each, environment
from support.variants import OF_DATABASES

pytestmark = pytest.mark.projects

DRIVERS = [(driver, choices("framework")[0]) for driver in choices("driver")]
ONE_EACH = [(driver, choices("framework")[0]) for driver in OF_DATABASES.values()]
Take = Callable[[list[str]], str]
"""Takes versions of models through Alembic, and returns what went wrong."""


@pytest.fixture
def developing(request: pytest.FixtureRequest, developed: Callable[..., Project]) -> Project:
    """Return a project with all that its developers need."""
    return developed(request.param)


@pytest.fixture
def take(developing: Project, tmp_path: Path) -> Iterator[Take]:
    """Return what takes models through Alembic."""
    with database_for(developing.driver, tmp_path) as url, taking(developing, url) as take:
        yield take


@contextmanager
def taking(project: Project, url: str) -> Iterator[Take]:
    """Yield a function that takes models through Alembic, all in one process."""
    script = PROBES / "migrate_models.py"
    with subprocess.Popen(
        [project.python, script],
        cwd=project.path,
        env=environment(DATABASE_URL=url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:

        def take(models: list[str]) -> str:
            assert process.stdin
            assert process.stdout
            process.stdin.write(f"{json.dumps(models)}\n")
            process.stdin.flush()
            problem: str = json.loads(process.stdout.readline())
            return problem

        yield take


on_each_database = pytest.mark.parametrize(
    "developing", each(DRIVERS, usual=ONE_EACH), indirect=True
)


@on_each_database
def test_the_catalogue_is_migrated(developing: Project, take: Take) -> None:
    for models in CATALOGUES[ANSWERS["_drivers"][developing.driver]["database"]]:
        problem = take(models)
        assert not problem, problem


@pytest.mark.parametrize("examples", [1, pytest.param(100, marks=pytest.mark.full)])
@on_each_database
def test_whatever_is_drawn_is_migrated(developing: Project, take: Take, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=examples == 1,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(versions(ANSWERS["_drivers"][developing.driver]["database"]))
    def each_draw(models: list[str]) -> None:
        problem = take(models)
        assert not problem, problem

    each_draw()


@on_each_database
def test_what_an_owner_tests_passes(developing: Project, tmp_path: Path) -> None:
    models = developing.path / "app/owner"
    tests = developing.path / "tests/test_owner.py"
    versions = developing.path / "migrations/versions"
    known = set(versions.glob("*.py"))
    try:
        models.mkdir()
        (models / "model.py").write_text(MODELS_OF_AN_OWNER, encoding="utf-8")
        tests.write_text(TEST_OF_AN_OWNER, encoding="utf-8")
        with database_for(developing.driver, tmp_path) as url:
            for command in (["upgrade", "head"], ["revision", "--autogenerate", "-m", "owner"]):
                developing.succeed(developing.python, "-m", "alembic", *command, DATABASE_URL=url)
        assert developing.pass_tests(tests, "-p", "no:randomly") == 8
    finally:
        shutil.rmtree(models)
        for path in [tests, *set(versions.glob("*.py")) - known]:
            path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    "developing",
    each(
        [it for it in DRIVERS if ANSWERS["_drivers"][it[0]]["database"] != "postgresql"],
        usual=ONE_EACH,
    ),
    indirect=True,
)
@pytest.mark.usefixtures("developing")
def test_another_schema_is_refused_where_it_is_another_database(take: Take) -> None:
    model = dedent("""
        from app.kit.db.base import Entity

        class Invoice(Entity):
            __tablename__ = "invoices"
            __table_args__ = {"schema": "billing"}
    """)
    assert "CommandError: The table billing.invoices is in another schema" in take([model])
