"""Alembic's commands for callers in a running event loop."""

import warnings
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError, to_tuple
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

ALEMBIC_INI = Path(__file__).parents[3] / "alembic.ini"


async def upgrade(connection: AsyncConnection, revision: str = "head") -> None:
    """Migrate the database up to `revision`."""
    await connection.run_sync(lambda sync: command.upgrade(_config(sync), revision))


async def downgrade(connection: AsyncConnection, revision: str) -> None:
    """Migrate the database down to `revision`."""
    await connection.run_sync(lambda sync: command.downgrade(_config(sync), revision))


async def check(connection: AsyncConnection) -> None:
    """Raise alembic.util.CommandError if the models differ from the migrations."""
    await connection.run_sync(lambda sync: command.check(_config(sync)))


def read_scripts() -> dict[str, frozenset[str]]:
    """Return each revision with those that it follows; raises alembic.util.CommandError."""
    script = ScriptDirectory.from_config(_config())
    find_heads(script)
    steps = script.walk_revisions()
    return {step.revision: frozenset(to_tuple(step.down_revision, default=())) for step in steps}


def find_heads(script: ScriptDirectory) -> list[str]:
    """Return the newest revisions; raises alembic.util.CommandError if one is missing before."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return script.get_heads()
    except KeyError as error:
        raise CommandError(
            f"A migration follows revision {error}, which no file in migrations/versions has: if "
            "an update or a merge has deleted that file, bring it back with git."
        ) from error


def _config(connection: Connection | None = None) -> Config:
    config = Config(ALEMBIC_INI)
    config.attributes["connection"] = connection
    try:
        ScriptDirectory.from_config(config)
    except CommandError as error:
        raise CommandError(
            f"There are no migrations in {ALEMBIC_INI.parent}: alembic.ini and migrations/ belong "
            "beside app/."
        ) from error
    return config
