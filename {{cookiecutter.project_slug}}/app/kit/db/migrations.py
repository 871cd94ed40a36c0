"""Alembic's commands for callers in a running event loop, and the state of the migrations."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

ALEMBIC_INI = Path(__file__).parents[3] / "alembic.ini"


@dataclass(frozen=True, slots=True)
class MigrationState:
    """The revisions that the database has, that the code wants, and that it knows."""

    current: frozenset[str]
    wanted: frozenset[str]
    known: frozenset[str]

    @property
    def behind(self) -> bool:
        """Whether migrations are missing.

        A database that is ahead of the code is all right: so it looks while a newer version of
        the service is being rolled out.
        """
        return self.current != self.wanted and self.current <= self.known


async def upgrade(connection: AsyncConnection, revision: str = "head") -> None:
    """Migrate the database up to `revision`."""
    await connection.run_sync(lambda sync: command.upgrade(_config(sync), revision))


async def downgrade(connection: AsyncConnection, revision: str) -> None:
    """Migrate the database down to `revision`."""
    await connection.run_sync(lambda sync: command.downgrade(_config(sync), revision))


async def check(connection: AsyncConnection) -> None:
    """Raise alembic.util.CommandError if the models differ from the migrations."""
    await connection.run_sync(lambda sync: command.check(_config(sync)))


async def migration_state(connection: AsyncConnection) -> MigrationState:
    """Compare the database with the migrations in the code.

    Raises alembic.util.CommandError if they are not where they belong.
    """
    current = await connection.run_sync(
        lambda sync: MigrationContext.configure(sync).get_current_heads()
    )
    script = ScriptDirectory.from_config(_config())
    return MigrationState(
        current=frozenset(current),
        wanted=frozenset(find_heads(script)),
        known=frozenset(step.revision for step in script.walk_revisions()),
    )


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


def merge_advice(heads: Iterable[str]) -> str:
    """Return one sentence that says what to do about several heads."""
    *others, last = sorted(heads, key=lambda head: (head.startswith("template_"), head))
    advice = "run `alembic merge heads -m merge`, then `alembic upgrade head`"
    if len(others) == 1 and last.startswith("template_"):
        # One line of revisions: behind a merge, `alembic downgrade -1` knows no way.
        advice = f"if {last} is new, make {others[0]!r} its down_revision; else {advice}"
    return (
        f"The migrations have several heads ({', '.join([*others, last])}), as after a merge of "
        f"branches: {advice}."
    )


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
