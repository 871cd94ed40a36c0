"""What an owner writes into a project: models that refer to each other, and their tests."""

from __future__ import annotations

TEST_OF_AN_OWNER = '''
"""What an owner writes next."""

from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Literal

import pytest
from sqlalchemy import ForeignKey, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column, selectinload

from app.companies.model import Company
from app.customers.model import Customer, Stage
from app.kit.db.base import Base, Entity
from app.kit.db.engine import open_engine
from app.kit.db.migrations import check, downgrade, upgrade
from app.kit.db.session import Sessions, create_sessions
from app.kit.db.types import utc_now
from app.owner.model import Color, Level, Person, Team
from app.settings import Settings
from tests.support.database import fresh_database


@pytest.mark.parametrize("_turn", [1, 2])
async def test_circles_are_emptied(committing_sessions: Sessions, _turn: int) -> None:
    async with committing_sessions.write.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Person)) == 0
        team = Team(color=Color.RED)
        session.add(team)
        await session.flush()
        boss = Person(team_id=team.id, level=Level.HIGH, state="new")
        session.add(boss)
        await session.flush()
        session.add(Person(team_id=team.id, boss_id=boss.id, level=Level.LOW, state="old"))
        team.head_id = boss.id


async def test_members_are_stored_as_their_texts(sessions: Sessions) -> None:
    async with sessions.write.begin() as session:
        session.add(Team(color=Color.RED))
        await session.flush()
        stored = await session.scalar(text("SELECT color FROM teams"))
        assert stored == "r"
        session.expire_all()
        assert (await session.scalars(select(Team.color))).all() == [Color.RED]
        session.add(Person(level=Level.HIGH, state="new"))
        await session.flush()
        assert await session.scalar(text("SELECT level FROM people")) == "HIGH"


async def test_the_database_refuses_others(sessions: Sessions) -> None:
    async with sessions.write() as session:
        with pytest.raises(DBAPIError, match="ck_teams_color"):
            await session.execute(text("INSERT INTO teams (color) VALUES ('green')"))


async def test_the_check_of_a_column_is_there(sessions: Sessions) -> None:
    async with sessions.write() as session:
        session.add(Person(level=Level.LOW, state="new", age=-1))
        with pytest.raises(DBAPIError, match="ck_people_age_positive"):
            await session.flush()


@pytest.mark.parametrize("loaded", [True, False])
async def test_customers_go_with_their_company(sessions: Sessions, loaded: bool) -> None:
    async with sessions.write.begin() as session:
        company = Company(name="Acme", industry="Anvils")
        company.customers = [
            Customer(name="Ann", email="ann@example.com", stage=Stage.ACTIVE, credit=Decimal(1))
        ]
        session.add(company)
    async with sessions.write.begin() as session:
        query = select(Company).options(*[selectinload(Company.customers)] * loaded)
        await session.delete(await session.scalar(query))
    async with sessions.read() as session:
        assert await session.scalar(select(func.count()).select_from(Customer)) == 0


async def test_a_warm_pool_survives_the_types_of_its_columns() -> None:
    async with fresh_database() as url:
        settings = Settings(database_url=url)
        async with open_engine(settings) as engine, engine.connect() as connection:
            await upgrade(connection)
            await check(connection)
            for _ in range(2):
                async with create_sessions(engine).write.begin() as session:
                    session.add(Team(color=Color.RED))
                    await session.flush()
                    assert (await session.scalars(select(Team.color))).first() is Color.RED
                await connection.rollback()
                await downgrade(connection, "-1")
                await upgrade(connection)
'''

MODELS_OF_AN_OWNER = '''
"""Teams, whose people refer to each other."""

from enum import IntEnum, StrEnum
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db.base import Entity


class Color(StrEnum):
    RED = "r"
    BLUE = "b"


class Level(IntEnum):
    LOW = 1
    HIGH = 10


class Team(Entity):
    __tablename__ = "teams"

    color: Mapped[Color]
    second_color: Mapped[Color | None]
    head_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Person(Entity):
    __tablename__ = "people"

    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"), index=True)
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    level: Mapped[Level]
    state: Mapped[Literal["new", "old"]]
    age: Mapped[int | None] = mapped_column(CheckConstraint("age > 0", name="age_positive"))
'''
