"""Tenants kept apart by the database: row-level security, for one transaction at a time.

Drivers: asyncpg, psycopg
"""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.kit.commands.settings import load_settings
from app.kit.db.engine import open_engine
from app.kit.db.session import create_sessions
from app.settings import Settings


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "cookbook_invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    amount: Mapped[int]


# What a migration runs. The role of the service must not own the table, or FORCE is needed, and
# must be neither a superuser nor have BYPASSRLS: for those there are no policies at all.
PREPARE = """
CREATE ROLE cookbook_service;
GRANT SELECT, INSERT ON cookbook_invoices TO cookbook_service;
GRANT USAGE ON SEQUENCE cookbook_invoices_id_seq TO cookbook_service;
ALTER TABLE cookbook_invoices ENABLE ROW LEVEL SECURITY;
ALTER TABLE cookbook_invoices FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON cookbook_invoices USING (tenant = current_setting('app.tenant', true));
"""
# Until the end of the transaction (`true`), so the pool gives nobody the tenant of another one.
SET_TENANT = text(
    "SELECT set_config('role', 'cookbook_service', true), set_config('app.tenant', :tenant, true)"
)


@asynccontextmanager
async def session_of(
    sessions: async_sessionmaker[AsyncSession], tenant: str
) -> AsyncIterator[AsyncSession]:
    """Yield a session in a transaction that sees the rows of one tenant."""
    async with sessions.begin() as session:
        await session.execute(SET_TENANT, {"tenant": tenant})
        yield session


async def amounts(session: AsyncSession) -> list[int]:
    return list(await session.scalars(select(Invoice.amount).order_by(Invoice.id)))


async def show(engine: AsyncEngine) -> None:
    sessions = create_sessions(engine)
    for tenant, amount in (("ada", 10), ("bob", 20)):
        async with session_of(sessions.write, tenant) as session:
            session.add(Invoice(tenant=tenant, amount=amount))
    async with session_of(sessions.write, "ada") as session:
        print("ada's:", await amounts(session))
    try:
        async with session_of(sessions.write, "ada") as session:
            session.add(Invoice(tenant="bob", amount=30))
    except DBAPIError as error:
        print("ada writes for bob: SQLSTATE", getattr(error.orig, "sqlstate", ""))
    async with sessions.read() as session:
        # Each statement is a transaction here: when the second one runs, the tenant is gone.
        await session.execute(SET_TENANT, {"tenant": "ada"})
        print("a session without a transaction, as a superuser:", await amounts(session))


async def main() -> None:
    async with open_engine(load_settings(Settings)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            for statement in PREPARE.strip().rstrip(";").split(";\n"):
                await connection.execute(text(statement))
        try:
            await show(engine)
        finally:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.drop_all)
                await connection.execute(text("DROP ROLE cookbook_service"))


if __name__ == "__main__":
    run(main())
