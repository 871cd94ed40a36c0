"""Failures of a database, provoked through a project's engine; for scripts that its Python runs."""

import asyncio
from collections.abc import Awaitable, Callable

from app.kit.db.failures import classify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Provoke = Callable[[AsyncConnection], Awaitable[object]]


async def outcome(engine: AsyncEngine, provoke: Provoke) -> str:
    """Return what the service makes of the failure, or "nothing" if there is none."""
    try:
        async with engine.begin() as connection:
            await provoke(connection)
    except SQLAlchemyError as error:
        return classify(error).name
    except Exception:  # noqa: BLE001  whatever it is, it would be a 500
        return "UNEXPECTED"
    return "nothing"


def executing(statement: str, **values: object) -> Provoke:
    """Return what executes a statement."""
    return lambda connection: connection.execute(text(statement), values)


def in_turn(*statements: str | None) -> Provoke:
    """Return what executes statements one after the other; None is a rest."""

    async def provoke(connection: AsyncConnection) -> None:
        for statement in statements:
            if statement:
                await connection.execute(text(statement))
            else:
                await asyncio.sleep(0.3)

    return provoke
