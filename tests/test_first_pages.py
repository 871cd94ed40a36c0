"""A project's first-resource.md, sessions.md and retries.md: what they say is done, and works."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from textwrap import indent

import httpx2
import pytest
from support.bake import choices
from support.databases.observer import wait_until
from support.databases.real import database_for
from support.pages import EDIT, blocks, do_as_told, new_files, put, read_page
from support.places import OWNERS
from support.projects import Copy, Project, Variant, each, new_directory, serving
from websockets.sync.client import connect

pytestmark = pytest.mark.projects

USUAL: list[Variant] = [("asyncpg", "fastapi"), ("aiosqlite", "aiohttp")]
VARIANTS: list[Variant] = [
    *USUAL,
    *(("asyncpg", it) for it in choices("framework") if it not in {"fastapi", "aiohttp"}),
    ("asyncmy", "fastapi"),
    ("asyncpg", "fastapi", "uvicorn", "yes"),
]
COMMANDS = 8
"""In first-resource.md."""


@dataclass(frozen=True)
class Grown:
    """A project with the resource of the page, and its database."""

    project: Project
    framework: str
    env: dict[str, str]


@pytest.fixture(scope="module", params=each(VARIANTS, usual=USUAL))
def grown(
    request: pytest.FixtureRequest,
    developed: Callable[[Variant], Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Grown]:
    """Yield a project in which all was done that first-resource.md says."""
    directory = new_directory(tmp_path_factory)
    project = Copy.of(developed(request.param), directory)
    with database_for(project.driver, directory) as url:
        env = {"DATABASE_URL": url}
        if not url.startswith("sqlite"):
            # Each run of tests has a file of its own there.
            env["TEST_DATABASE_URL"] = url
        done = do_as_told(project, read_page(project.path, "first-resource.md"), **env)
        assert done == COMMANDS
        yield Grown(project, request.param[1], env)


def test_the_first_resource_is_what_the_page_shows(grown: Grown) -> None:
    page = read_page(grown.project.path, "first-resource.md")
    for path, text in new_files(page).items():
        # It needed no formatter.
        assert (grown.project.path / path).read_text(encoding="utf-8") == text, path
    [migration] = (grown.project.path / "migrations" / "versions").glob("*add_invoices.py")
    written = migration.read_text(encoding="utf-8")
    for part in ("status IN ('draft', 'sent', 'paid')", '"amount"', 'ondelete="CASCADE"'):
        assert part in written, written


def claims(page: str) -> dict[str, list[str]]:
    """Return what happens to those who do what they never should, by what that is."""
    _, _, table = page.partition("| never | what happens |\n|---|---|\n")
    rows = [line.strip("| ").split(" | ") for line in table.partition("\n\n")[0].splitlines()]
    quoted = re.compile(r"``(.+?)``(?!`)|`([^`]+)`")
    return {
        never: [one.strip() or other for one, other in quoted.findall(what)][:2]
        for never, what in rows
    }


def test_the_examples_of_sessions_work_and_the_mistakes_fail_as_it_says(grown: Grown) -> None:
    project = grown.project
    page = read_page(project.path, "sessions.md")
    pages = page + read_page(project.path, "retries.md")
    examples = [it.text for it in blocks(pages) if "sending.py" not in it.before]
    put(project.path / "app" / "page.py", "\n\n".join(examples))
    shutil.copy(OWNERS / "sessions_page.py", project.path / "tests" / "test_sessions_page.py")
    put(project.path / "tests" / "claims.json", json.dumps(claims(page)))
    ignored = "--ignore=D,E402,F811,I001,SIM117"
    project.succeed(project.python, "-m", "ruff", "check", ignored, "app/page.py")
    project.pass_tests("tests/test_sessions_page.py", **grown.env)


def test_what_is_done_after_the_answer_and_in_a_websocket_works(
    grown: Grown, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if grown.framework == "none":
        return
    project = grown.project
    [sending] = [
        it.text
        for it in blocks(read_page(project.path, "sessions.md"))
        if "sending.py" in it.before
    ]
    put(project.path / "app" / "invoices" / "sending.py", sending)
    for block in blocks(read_page(project.path, "first-resource.md")):
        if edit := EDIT.search(block.before):
            text = block.added.replace("invoices.routes", "invoices.sending")
            text = re.sub(r"\binvoices(?!\.sending)\b", "sending", text)
            text = text.replace("app.sending.sending", "app.invoices.sending")
            put(project.path / edit["file"], text, edit)
    project.succeed(project.python, "-m", "ruff", "check", "app/invoices")
    log = tmp_path_factory.mktemp("log") / "log"
    with serving(project, log, DATABASE_URL=grown.env["DATABASE_URL"]) as service:
        line = {"text": "Rope", "amount": "1.00"}
        created = httpx2.post(
            f"{service.url}/api/v1/invoices", json={"number": "2026-7", "lines": [line]}
        ).json()
        later = f"{service.url}/api/v1/sending/{created['id']}"
        assert httpx2.post(later).status_code == 202, service.written()
        place = f"{service.url}/api/v1/invoices/{created['id']}"
        wait_until(lambda: httpx2.get(place).json()["status"] == "sent", why=service.written)
        socket = service.url.replace("http", "ws") + "/api/v1/sending/numbers"
        with connect(socket, legacy=True) as it:
            it.send(str(created["id"]))
            assert it.recv() == "2026-7"
    if "count_lines" in read_page(project.path, "sessions.md"):
        code = f"from app import page; print(page.count_lines({created['id']}))"
        told = project.succeed(project.python, "-c", code, DATABASE_URL=grown.env["DATABASE_URL"])
        assert told == "2026-7: 1 lines\n"


def test_the_first_job_is_done(grown: Grown) -> None:
    project = grown.project
    if not (project.path / "docs" / "jobs.md").exists():
        return
    assert do_as_told(project, read_page(project.path, "jobs.md")) == 0
    for command in (["check"], ["format", "--check"]):
        paths = ["app/invoices", "app/jobs.py", "tests/invoices"]
        project.succeed(project.python, "-m", "ruff", *command, *paths)
    project.pass_tests("tests/invoices/test_jobs.py", **grown.env)


REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = "fewer"
down_revision = "{after}"
branch_labels = None
depends_on = None


def upgrade():
{body}


def downgrade():
    pass
"""
ASK = """
from app.event_loop import run
import sys
from sqlalchemy import text
from app.kit.db.engine import open_engine
from app.settings import Settings

async def main():
    async with open_engine(Settings()) as engine, engine.begin() as connection:
        answer = await connection.execute(text(sys.argv[1]))
        print(answer.scalars().all() if answer.returns_rows else answer.rowcount)

run(main())
"""


def test_the_migration_for_an_enum_runs(grown: Grown) -> None:
    """With a row that has the member which is going away."""
    project, url = grown.project, {"DATABASE_URL": grown.env["DATABASE_URL"]}

    def sql(statement: str) -> str:
        return project.succeed(project.python, "-c", ASK, statement, **url).strip()

    insert = "INSERT INTO invoices (number, status) VALUES ('{}', '{}')"
    assert sql(insert.format("2025-1", "sent")) == "1"
    [body] = [
        it.text
        for it in blocks(read_page(project.path, "database.md"))
        if "ck_invoices_status" in it.text
    ]
    versions = project.path / "migrations" / "versions"
    [added] = versions.glob("*add_invoices.py")
    after = re.findall(r'^revision = "(\w+)"', added.read_text(encoding="utf-8"), re.MULTILINE)
    put(versions / "fewer.py", REVISION.format(after=after[0], body=indent(body, "    ")))
    project.migrate(**url)
    assert sql("SELECT DISTINCT status FROM invoices") == "['draft']"
    for status, code in (("sent", 1), ("paid", 0)):
        statement = insert.format(f"2025-{status}", status)
        assert project.run(project.python, "-c", ASK, statement, **url).returncode == code
    sql("DELETE FROM invoices")


def test_all_that_the_pages_added_has_types(grown: Grown) -> None:
    """Once, and last: the tests above have put it there."""
    assert (grown.project.path / "app" / "page.py").exists()
    grown.project.succeed(grown.project.python, "-m", "mypy")
