"""Takes an owner's models through Alembic, in a project's own environment: no test, and run there.

Reads lists of models' sources from its input, one in JSON a line; each is a version of the
same models. Of every version a migration is written, linted and run. Prints a line for each
list: nothing if it went well, else what went wrong.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import traceback
from pathlib import Path
from types import ModuleType

sys.path.insert(0, ".")

from app.event_loop import run  # isort: skip

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import AsyncConnection

import app.models  # noqa: F401  before its tables are taken away
from app.commands.settings import load_settings
from app.db.base import Base
from app.db.engine import open_engine

VERSIONS = Path("migrations/versions/drawn")
SCHEMAS = ["billing", "public"]


def load(source: str) -> None:
    """Make the models of `source` the only ones."""
    Base.metadata.clear()
    Base.registry.dispose()
    module = ModuleType("app.models.drawn")
    sys.modules[module.__name__] = module
    exec(compile(source, module.__name__, "exec"), module.__dict__)  # noqa: S102  what we wrote ourselves


def migrate(config: Config, versions: list[str]) -> None:
    """Write the migrations of all `versions`, and run them up and down."""
    for number, source in enumerate(versions):
        load(source)
        command.revision(config, autogenerate=True, message=f"v{number}", rev_id=f"{number:04}")
        [path] = VERSIONS.glob(f"*_v{number}.py")
        lint(path)
        command.upgrade(config, "head")
        command.check(config)
        command.downgrade(config, "-1")
        command.upgrade(config, "head")
        command.check(config)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)


def lint(path: Path) -> None:
    """Raise AssertionError if the project's own rules are broken, or the application imported."""
    for rule in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *rule, path],
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "app" not in path.read_text(encoding="utf-8").replace("Apply", "")


async def empty() -> None:
    """Empty the database."""
    async with open_engine(load_settings({})) as engine, engine.connect() as connection:
        await drop_all(connection)
        await connection.commit()


async def drop_all(connection: AsyncConnection) -> None:
    """Drop all that a migration may have made."""
    dialect, name = connection.dialect, connection.engine.url.database
    if dialect.name == "postgresql":
        for schema in SCHEMAS:
            await connection.execute(sa.text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        await connection.execute(sa.text("CREATE SCHEMA public"))
    elif dialect.name == "sqlite":
        def drop(it: sa.Connection) -> None:
            found = sa.MetaData()
            found.reflect(it)
            found.drop_all(it)
        await connection.run_sync(drop)
    else:
        await connection.execute(sa.text(f"DROP DATABASE {name}"))
        await connection.execute(sa.text(f"CREATE DATABASE {name}"))


def main() -> None:
    """Do what each line of the input asks for."""
    logging.disable()
    # What else is printed, also by other processes, is no answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    config = Config("alembic.ini")
    config.set_main_option("version_locations", str(VERSIONS.resolve()))
    for line in sys.stdin:
        shutil.rmtree(VERSIONS, ignore_errors=True)
        VERSIONS.mkdir()
        problem = ""
        try:
            run(empty())
            migrate(config, json.loads(line))
        except (Exception, SystemExit):
            written = [it.read_text(encoding="utf-8") for it in sorted(VERSIONS.glob("*.py"))]
            problem = "\n".join([traceback.format_exc(), *written])
        print(json.dumps(problem), file=answers, flush=True)
    shutil.rmtree(VERSIONS, ignore_errors=True)


main()
