"""The answer example: a project without one is whole, and takes its first resource."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest
from support.bake import bake, choices
from support.databases.real import database_for
from support.projects import Project, Variant, answers, each, install, new_directory, serving

TRACES = re.compile(r"compan|customer", re.IGNORECASE)
FIRST_DRIVER, FIRST_FRAMEWORK = choices("driver")[0], choices("framework")[0]
FRAMEWORKS: list[Variant] = [(FIRST_DRIVER, framework) for framework in choices("framework")]
VARIANTS: list[Variant] = [
    *FRAMEWORKS,
    *((driver, FIRST_FRAMEWORK) for driver in choices("driver")[1:]),
    *((driver, "none") for driver in choices("driver")[1:]),
]
USUAL: list[Variant] = [(FIRST_DRIVER, FIRST_FRAMEWORK), ("aiosqlite", "none")]
MODEL = '''"""An invoice."""

from decimal import Decimal

from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db.base import Entity
from app.kit.db.types import ExactDecimal


class Invoice(Entity):
    """An invoice."""

    __tablename__ = "invoices"

    amount: Mapped[Decimal] = mapped_column(ExactDecimal(12, 2))
'''
ROUTES = '''"""Invoices over HTTP."""

from fastapi import APIRouter
from sqlalchemy import func, select

from app.invoices.model import Invoice
from app.kit.http.sessions import Read

router = APIRouter(prefix="/invoices")


@router.get("")
async def count_invoices(session: Read) -> int:
    """Return how many invoices there are."""
    return await session.scalar(select(func.count(Invoice.id))) or 0
'''
TEST = '''"""Invoices over HTTP."""

from httpx2 import AsyncClient


async def test_there_are_none(client: AsyncClient) -> None:
    assert (await client.get("/api/v1/invoices")).json() == 0
'''


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project without an example, and what its developers need."""
    return install(new_directory(tmp_path_factory), example="none", **answers(request.param))


@pytest.mark.parametrize("variant", VARIANTS, ids="-".join)
def test_nothing_of_an_example_is_there(variant: Variant, tmp_path: Path) -> None:
    # The name of the project must not be about companies.
    given = {"project_slug": "service", "description": "Serves.", "project_name": "Service"}
    project = bake(tmp_path, example="none", **given, **answers(variant))
    for path in project.rglob("*"):
        assert not TRACES.search(path.name), path
        if path.is_file() and path.name != "README.md":
            assert not TRACES.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("variant", [it for it in VARIANTS if it[1] != "none"], ids="-".join)
def test_an_owner_deletes_the_example_by_four_edits(variant: Variant, tmp_path: Path) -> None:
    """Of files that stay, beside the README; the rest is folders, and its migration."""
    texts = [
        {
            path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
            for path in project.rglob("*")
            if path.is_file()
        }
        for example in choices("example")
        for project in [bake(tmp_path / example, example=example, **answers(variant))]
    ]
    there, without = texts
    edited = {name for name in there.keys() & without.keys() if there[name] != without[name]}
    assert len(edited - {"README.md"}) <= 4, edited
    folders = ("app/companies/", "app/customers/", "tests/companies/", "tests/customers/")
    others = {name for name in there.keys() - without.keys() if not name.startswith(folders)}
    assert others == {"migrations/versions/template_companies.py"}


@pytest.mark.projects
@pytest.mark.parametrize("project", each(VARIANTS, usual=USUAL), indirect=True)
def test_it_runs_and_is_tested(project: Project, tmp_path: Path) -> None:
    for command in (["ruff", "check"], ["mypy"]):
        project.succeed(project.python, "-m", *command)
    project.pass_tests()
    with database_for(project.driver, tmp_path) as url:
        project.migrate(DATABASE_URL=url)
        project.succeed(project.python, "-m", "alembic", "check", DATABASE_URL=url)
        assert "All is well." in project.succeed(
            project.python, "-m", "app", "doctor", DATABASE_URL=url
        )
        assert "Added 0" in project.succeed(
            project.python, "scripts/seed_database.py", DATABASE_URL=url
        )
        done = project.run(project.python, "scripts/create_test_data.py", DATABASE_URL=url)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr


@pytest.mark.projects
@pytest.mark.parametrize("project", each(USUAL[:1]), indirect=True)
def test_the_first_resource_is_a_folder_and_two_lines(project: Project, tmp_path: Path) -> None:
    folder, tests = project.path / "app" / "invoices", project.path / "tests" / "invoices"
    for path, text in (
        (folder / "__init__.py", ""),
        (folder / "model.py", MODEL),
        (folder / "routes.py", ROUTES),
        (tests / "__init__.py", ""),
        (tests / "test_routes.py", TEST),
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    first = "from app.kit"
    project.replace(
        "app/main.py", first, f"from app.invoices.routes import router as invoices\n{first}"
    )
    place = "    # The first resource is included here: see docs/first-resource.md.\n"
    project.replace("app/main.py", place, '    app.include_router(invoices, prefix="/api/v1")\n')
    with database_for(project.driver, tmp_path) as url:
        env = {"DATABASE_URL": url}
        project.migrate(**env)
        project.succeed(
            project.python, "-m", "alembic", "revision", "--autogenerate", "-m", "Invoices", **env
        )
        project.migrate(**env)
        project.succeed(project.python, "-m", "alembic", "check", **env)
        with serving(project, tmp_path / "log", **env) as service:
            assert httpx2.get(f"{service.url}/api/v1/invoices").json() == 0
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        project.succeed(project.python, "-m", *command)
    project.pass_tests()
