"""Alembic's environment: the service's own engine, on the service's own event loop."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

import io
import sys
from contextlib import AsyncExitStack
from typing import Any

from alembic import context, util
from alembic.script.revision import MultipleHeads
from sqlalchemy import Connection

from app.kit.commands.command_error import CommandError
from app.kit.commands.preflight import diagnosed
from app.kit.commands.settings import load_settings, read_settings
from app.kit.db.autogenerate import autogenerate_options
from app.kit.db.base import Base, register_models
from app.kit.db.differences import leave_out_indexes
from app.kit.db.engine import open_engine
from app.kit.db.migration_guard import OPTIONS, for_migrations, migration_guard
from app.kit.db.migrations import find_heads
from app.kit.db.revisions import merge_advice
from app.kit.db.sql_text import write_as_text
from app.kit.log import configure_log
from app.settings import Settings


def revise(_context: object, _current: object, directives: Any) -> None:
    """Complete a revision before it is written; fail if there are several heads."""
    context.script.get_revision(directives[0].head or "head")
    leave_out_indexes(directives)
    write_as_text(context.get_context().impl)


def migrate(connection: Connection) -> None:
    """Do what the command asks for on `connection`."""
    with migration_guard(connection):
        context.configure(
            connection=connection,
            process_revision_directives=revise,
            **autogenerate_options(Base.metadata, connection.dialect),
            **OPTIONS,
        )
        with context.begin_transaction():
            context.run_migrations()


async def connect_and_migrate() -> None:
    """Do what the command asks for, on a connection of our own."""
    settings = for_migrations(load_settings(Settings))
    async with AsyncExitStack() as stack:
        # An unreachable database needs one sentence; a migration that fails needs its traceback.
        with diagnosed(settings):
            engine = await stack.enter_async_context(open_engine(settings))
            connection = await stack.enter_async_context(engine.connect())
        await connection.run_sync(migrate)


def print_sql() -> None:
    """Print the SQL (`alembic upgrade --sql`) and connect to nothing."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A program, in which an escape would change what it does.
        sys.stdout.reconfigure(encoding="utf-8")
    context.configure(
        url=read_settings(Settings).sqlalchemy_url,
        target_metadata=Base.metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        **OPTIONS,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Do what the command asks for; raises alembic.util.CommandError, which Alembic prints."""
    given = context.config.attributes.get("connection")
    if given is None:
        # What `alembic upgrade --sql` prints is its result.
        configure_log(prints=not context.is_offline_mode())
    register_models()
    find_heads(context.script)
    try:
        if context.is_offline_mode():
            print_sql()
        elif given is not None:
            # From app/kit/db/migrations.py, for callers in a running loop.
            migrate(given)
        else:
            run(connect_and_migrate())
    except CommandError as error:
        raise util.CommandError(str(error)) from error
    except util.CommandError as error:
        # Alembic's own advice does not help here, or says only that the database is not up to date.
        heads = context.script.get_heads()
        if len(heads) > 1 and isinstance(error.__cause__, MultipleHeads | None):
            raise util.CommandError(merge_advice(heads)) from error
        raise


main()
