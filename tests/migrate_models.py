"""Takes an owner's models through Alembic: run by a project's own Python, in its directory.

Each line of the input is a list of sources, in JSON: versions of the same models. For each
version a migration is written, linted, and run up and down. In the end the database must be as
if the last version had been the first. Each line of the output says what went wrong, if
anything did.
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
from typing import Any

sys.path.insert(0, ".")

from app.event_loop import run  # isort: skip

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from app.kit.commands.settings import load_settings
from app.kit.db.base import Base, register_models
from app.kit.db.engine import open_engine
from app.settings import Settings

VERSIONS = Path("migrations/versions/drawn")
SCHEMAS = [None, "billing"]


def load(source: str) -> None:
    """Make the models of `source` the only ones."""
    # Before its tables are taken away.
    register_models()
    Base.metadata.clear()
    Base.registry.dispose()
    module = ModuleType("app.drawn.model")
    sys.modules[module.__name__] = module
    exec(compile(source, module.__name__, "exec"), module.__dict__)  # noqa: S102  our own tests' code


def migrate(config: Config, versions: list[str]) -> None:
    """Write the migrations of all `versions`, and run them up and down."""
    for number, source in enumerate(versions):
        load(source)
        command.revision(config, autogenerate=True, message=f"v{number}", rev_id=f"{number:04}")
        command.upgrade(config, "head")
        command.check(config)
        command.downgrade(config, "-1")
        command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    command.check(config)
    lint()


def lint() -> None:
    """Raise AssertionError if the project's own rules are broken, or the application imported."""
    for rule in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *rule, VERSIONS]
        done = subprocess.run(ruff, capture_output=True, check=False, encoding="utf-8")
        assert done.returncode == 0, done.stdout + done.stderr
    for path in VERSIONS.glob("*.py"):
        assert "import app" not in path.read_text(encoding="utf-8")
        assert "from app" not in path.read_text(encoding="utf-8")


async def on_connection(do: Any) -> Any:
    """Return what `do` returns of a connection of its own."""
    async with open_engine(load_settings(Settings)) as engine, engine.connect() as connection:
        done = await connection.run_sync(do)
        await connection.commit()
    return done


def empty(connection: sa.Connection) -> None:
    """Drop all that is in the database."""
    dialect, database = connection.dialect.name, connection.engine.url.database
    statements = {
        "postgresql": [
            "DROP SCHEMA IF EXISTS billing CASCADE",
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
        ],
        "sqlite": [f"DROP TABLE {it}" for it in sa.inspect(connection).get_table_names()],
        "mysql": [f"DROP DATABASE {database}", f"CREATE DATABASE {database}"],
    }
    for statement in statements[dialect]:
        connection.exec_driver_sql(statement.replace("TABLE order", 'TABLE "order"'))


def describe(connection: sa.Connection) -> dict[str, Any]:
    """Return what is in the database."""
    inspector = sa.inspect(connection)
    return {
        f"{schema}.{table}": {
            "columns": {
                it["name"]: {key: str(value) for key, value in it.items()}
                for it in inspector.get_columns(table, schema=schema)
            },
            "key": inspector.get_pk_constraint(table, schema=schema)["constrained_columns"],
            **{
                what.__name__: {it["name"]: it for it in what(table, schema=schema)}
                for what in (
                    inspector.get_check_constraints,
                    inspector.get_foreign_keys,
                    inspector.get_indexes,
                    inspector.get_unique_constraints,
                )
            },
        }
        for schema in SCHEMAS
        if schema is None or schema in inspector.get_schema_names()
        for table in inspector.get_table_names(schema=schema)
    }


def take_through(config: Config, versions: list[str]) -> None:
    """Raise what went wrong with `versions`, one after the other, or with the last one alone."""
    found = []
    for each in (versions, versions[-1:]):
        shutil.rmtree(VERSIONS, ignore_errors=True)
        VERSIONS.mkdir()
        run(on_connection(empty))
        migrate(config, each)
        found.append(run(on_connection(describe)))
    changed, new = found
    for table in changed.keys() | new.keys():
        for kind in new[table]:
            assert changed[table][kind] == new[table][kind], (table, kind)


def main() -> None:
    """Do what each line of the input asks for."""
    logging.disable()
    # What else is printed, also by other processes, is no answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    config = Config("alembic.ini")
    config.set_main_option("version_locations", str(VERSIONS.resolve()))
    for line in sys.stdin:
        problem = ""
        try:
            take_through(config, json.loads(line))
        except (Exception, SystemExit):  # noqa: BLE001  whatever it is, it is the answer
            written = [it.read_text(encoding="utf-8") for it in sorted(VERSIONS.glob("*.py"))]
            problem = "\n".join([traceback.format_exc(), *written])
        print(json.dumps(problem), file=answers, flush=True)
    shutil.rmtree(VERSIONS, ignore_errors=True)


main()
