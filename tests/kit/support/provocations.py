"""Statements that the database refuses, and what each refusal means."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.companies.model import Company
from app.customers.model import Customer, Stage
from app.kit.db.failures import Failure

Provoke = Callable[[AsyncSession], Awaitable[None]]


def an_orphan() -> Customer:
    return Customer(
        company_id=4711, name="Ines", email="i@e", stage=Stage.ACTIVE, credit=Decimal("0.00")
    )


async def take_a_name_twice(session: AsyncSession) -> None:
    for _ in range(2):
        session.add(Company(name="Acme", industry="Anvils"))
        await session.flush()


async def refer_to_nothing(session: AsyncSession) -> None:
    session.add(an_orphan())
    await session.flush()


async def break_a_check(session: AsyncSession) -> None:
    session.add(Company(name="", industry="Anvils"))
    await session.flush()


async def misspell(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1 FROM nowhere"))


PROVOCATIONS: dict[Provoke, Failure] = {
    take_a_name_twice: Failure.CONFLICT,
    refer_to_nothing: Failure.CONFLICT,
    break_a_check: Failure.UNEXPECTED,
    misspell: Failure.UNEXPECTED,
}
