"""The migrations lead from an empty database to the models, and back."""

import subprocess
import sys

from sqlalchemy import inspect

from app.kit.db.engine import open_engine
from app.kit.db.migrations import ALEMBIC_INI, check, downgrade, upgrade
from app.settings import Settings
from tests.support.database import fresh_database

LOST_TABLES = """
from app.kit.db.base import Base, register_models
from importlib import import_module
from pkgutil import walk_packages
import app

register_models()
found = {*Base.metadata.tables}
for module in walk_packages(app.__path__, "app."):
    import_module(module.name)
print(*{*Base.metadata.tables} - found)
"""


async def test_up_check_and_down() -> None:
    async with (
        fresh_database() as url,
        open_engine(Settings(database_url=url)) as engine,
        engine.connect() as connection,
    ):
        await upgrade(connection)
        await check(connection)
        await downgrade(connection, "base")
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert tables == ["alembic_version"]


def test_alembic_finds_every_model() -> None:
    command = [sys.executable, "-c", LOST_TABLES]
    done = subprocess.run(command, cwd=ALEMBIC_INI.parent, check=True, stdout=subprocess.PIPE)
    assert not done.stdout.split(), "Their models belong in modules that are named model or models."
