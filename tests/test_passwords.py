"""Passwords that change while a project runs, with real accounts of real servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from support.bake import ANSWERS, TEMPLATE
from support.databases.real import server_for
from support.projects import Project, install, new_directory

pytestmark = [pytest.mark.projects, pytest.mark.xdist_group("passwords")]

SERVERS = [name for name, facts in ANSWERS["_drivers"].items() if facts["port"]]

# Opens two connections; before each of them, the account gets another password.
PROBE = """
from app.event_loop import run
import os
import sys
from pathlib import Path
from sqlalchemy import event, text
from app.kit.db.engine import open_engine
from app.kit.db.sync import open_sync_engine
from app.settings import Settings

WORD = "PASSWORD" if os.environ["ADMIN"].startswith("postgres") else "IDENTIFIED BY"

async def change(verb, password):
    Path("secret.txt").write_text(password + "\\n", encoding="utf-8")
    settings = Settings(database_url=os.environ["ADMIN"], db_pass_file=None)
    async with open_engine(settings) as admin, admin.begin() as connection:
        await connection.execute(text(f"{verb} USER rotating {WORD} '{password}'"))

async def main():
    await change("ALTER" if "again" in sys.argv else "CREATE", "before")
    async with open_engine(Settings()) as engine:
        if "listener" in sys.argv:
            @event.listens_for(engine.sync_engine, "do_connect")
            def provide_token(dialect, conn_rec, cargs, cparams):
                cparams["password"] = Path("secret.txt").read_text(encoding="utf-8").strip()
        for password in ("first", "second \\u017c"):
            await change("ALTER", password)
            async with engine.connect() as connection:
                print(await connection.scalar(text("SELECT 41 + 1")))
                await connection.invalidate()

run(main())
if "sync" in sys.argv:
    with open_sync_engine(Settings()) as engine, engine.connect() as connection:
        print(connection.scalar(text("SELECT 41 + 1")))
"""
# What the examples of the documentation import.
STUBS = """
from pathlib import Path

def fetch_token(user):
    if user != "rotating":
        # The account that changes the password: its own stands in its URL.
        return None
    return Path("secret.txt").read_text(encoding="utf-8").strip()

def client(name):
    return sys.modules[__name__]

def generate_db_auth_token(*, DBHostname, Port, DBUsername):
    assert (DBHostname, Port > 0) == ("127.0.0.1", True)
    return fetch_token(DBUsername)

import sys
"""
EXAMPLES = re.findall(
    r"```python\n(.*?)```",
    (TEMPLATE / "templates/parts/tokens.md").read_text(encoding="utf-8"),
    re.DOTALL,
)


@pytest.fixture(scope="module", params=SERVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with both engines."""
    answers = {"driver": request.param, "framework": "none", "sync_engine": "yes"}
    return install(new_directory(tmp_path_factory), "--no-default-groups", **answers)


@pytest.fixture
def env(project: Project) -> Iterator[dict[str, str]]:
    """Yield the environment for an account without a password, and for one that may change it."""
    with server_for(project.driver) as admin:
        parts = urlsplit(admin)
        host = f"{parts.hostname}:{parts.port}"
        # MySQL's has a right to no database.
        path = "/" if parts.scheme == "mysql" else parts.path
        url = parts._replace(netloc=f"rotating@{host}", path=path).geturl()
        yield {"DATABASE_URL": url, "ADMIN": admin}


def probe(project: Project, *arguments: str, **env: str) -> list[str]:
    """Return what the probe prints."""
    return project.succeed(project.python, "-c", PROBE, *arguments, **env).split()


def test_each_connection_has_the_password_of_its_moment(
    project: Project, env: dict[str, str]
) -> None:
    """SQLAlchemy's documented listener, and a file."""
    assert probe(project, "listener", **env) == ["42", "42"]
    file = {"DB_PASS_FILE": "secret.txt"}
    assert probe(project, "again", "sync", **file, **env) == ["42"] * 3
    # Of several servers whichever is asked; here both are the same.
    host = urlsplit(env["DATABASE_URL"]).netloc.removeprefix("rotating@")
    several = env | {"DATABASE_URL": env["DATABASE_URL"].replace(host, f"{host},{host}")}
    assert probe(project, "again", "listener", **several) == ["42", "42"]
    assert probe(project, "again", "sync", **file, **several) == ["42"] * 3


@pytest.mark.parametrize(
    "project",
    [SERVERS[0], *(pytest.param(it, marks=pytest.mark.full) for it in SERVERS[1:])],
    indirect=True,
)
def test_the_documentation_s_examples_work(project: Project, env: dict[str, str]) -> None:
    module = project.path / "app/settings.py"
    before = module.read_text(encoding="utf-8")
    settings = re.compile(r"class Settings.*", re.DOTALL)
    assert len(EXAMPLES) == 2
    for name in ("boto3.py", "tokens.py"):
        (project.path / name).write_text(STUBS, encoding="utf-8")
    try:
        for number, example in enumerate(EXAMPLES):
            [there] = settings.findall(before)
            module.write_text(before.replace(there, example), encoding="utf-8")
            # What waits needs an event loop.
            more = [*(["again"] if number else []), *([] if "await_" in example else ["sync"])]
            assert probe(project, *more, **env) == ["42"] * (2 + more.count("sync"))
    finally:
        module.write_text(before, encoding="utf-8")


@pytest.mark.parametrize("project", SERVERS[:1], indirect=True)
def test_migrations_and_commands_take_it_from_the_file(project: Project) -> None:
    with server_for(project.driver) as url:
        parts = urlsplit(url)
        file = project.path / "secret.txt"
        file.write_text(f"{parts.password}\r\n", encoding="utf-8")
        host = f"{parts.username}@{parts.hostname}:{parts.port}"
        env = {
            "DATABASE_URL": parts._replace(netloc=host).geturl(),
            "DB_PASS_FILE": str(file),
        }
        project.migrate(**env)
        told = project.succeed(project.python, "-m", "app", "doctor", **env)
    assert "All is well." in told
    assert str(parts.password) not in told


@pytest.mark.parametrize("project", SERVERS[:1], indirect=True)
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"DB_PASS_FILE": "nowhere.txt"}, ["DB_PASS_FILE", "nowhere.txt"]),
        ({"DB_PASS_FILE": "pyproject.toml", "DB_PASS": "hunter2"}, ["DB_PASS_FILE", "DB_PASS"]),
        (
            {"DB_PASS_FILE": "pyproject.toml", "DATABASE_URL": "postgresql://me:hunter2@h/d"},
            ["DB_PASS_FILE", "URL"],
        ),
    ],
)
def test_a_password_that_is_missing_or_one_too_many(
    project: Project, more: dict[str, str], words: list[str]
) -> None:
    done = project.run(project.python, "-m", "app", "doctor", **more)
    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    for word in words:
        assert word in sentence
    assert "hunter2" not in sentence
