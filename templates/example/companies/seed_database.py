"""Fill the database with a little demonstration data. Run it as often as you like."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.customers.model import Customer, Stage
from app.kit.commands.command_error import exit_on_command_error
from app.kit.commands.preflight import ready_engine
from app.kit.commands.settings import load_settings
from app.kit.db.session import Sessions, create_sessions
from app.settings import Settings

COMPANIES = {
    "Aurora Instruments": ("Optics", ["Ines Duarte", "Tomasz Wilk"]),
    "Brückner & Söhne": ("Machinery", ["Anneliese Krüger"]),
    "Cedar Lane Books": ("Publishing", ["Priya Raman", "Noah Feld", "Mei Tanaka"]),
    "Delta Freight": ("Logistics", ["Samir Haddad"]),
    "Évora Têxteis": ("Textiles", []),
}


async def seed(session: AsyncSession) -> int:
    """Add the companies that are missing, and return how many there were."""
    present = set(await session.scalars(select(Company.name).where(Company.name.in_(COMPANIES))))
    missing = COMPANIES.keys() - present
    for name in sorted(missing):
        industry, people = COMPANIES[name]
        customers = [_customer(person) for person in people]
        session.add(Company(name=name, industry=industry, customers=customers))
    return len(missing)


def _customer(name: str) -> Customer:
    email = f"{name.lower().replace(' ', '.')}@example.com".encode("ascii", "ignore").decode()
    return Customer(name=name, email=email, stage=Stage.ACTIVE, credit=Decimal(1500))


async def seed_if_empty(sessions: Sessions) -> int:
    """Seed a database without companies, as `python -m app dev` does; return how many it added."""
    async with sessions.read() as session:
        if await session.scalar(select(Company.id).limit(1)):
            return 0
    async with sessions.write.begin() as session:
        return await seed(session)


async def main() -> None:
    """Seed the configured database; raises CommandError if it is not ready."""
    settings = load_settings(Settings)
    async with ready_engine(settings) as engine, create_sessions(engine).write.begin() as session:
        added = await seed(session)
    print(f"Added {added} companies; {len(COMPANIES) - added} were there already.")


if __name__ == "__main__":
    with exit_on_command_error():
        run(main())
