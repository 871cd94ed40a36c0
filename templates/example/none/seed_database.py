"""Fill the database with a little demonstration data. Run it as often as you like."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from sqlalchemy.ext.asyncio import AsyncSession

from app.kit.commands.command_error import exit_on_command_error
from app.kit.commands.preflight import ready_engine
from app.kit.commands.settings import load_settings
from app.kit.db.session import Sessions, create_sessions
from app.settings import Settings


async def seed(_session: AsyncSession) -> int:
    """Add the rows that are missing, and return how many they were: none, so far."""
    return 0


async def seed_if_empty(sessions: Sessions) -> int:
    """Seed a database without rows, as `python -m app dev` does; return how many it added."""
    async with sessions.write.begin() as session:
        return await seed(session)


async def main() -> None:
    """Seed the configured database; raises CommandError if it is not ready."""
    async with (
        ready_engine(load_settings(Settings)) as engine,
        create_sessions(engine).write.begin() as session,
    ):
        added = await seed(session)
    print(f"Added {added} rows.")


if __name__ == "__main__":
    with exit_on_command_error():
        run(main())
