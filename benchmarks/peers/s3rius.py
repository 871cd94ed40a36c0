"""FastAPI with SQLAlchemy and asyncpg, in the way of s3rius' FastAPI-template: sessions and DAOs.

Read: https://github.com/s3rius/FastAPI-template, commit f7ed808 of 2026-05-05 (6.1.2), what it
renders for PostgreSQL and SQLAlchemy: db/dependencies.py, db/dao, db/models, web/lifespan.py,
web/api, web/application.py. What we took over: an engine with the defaults of SQLAlchemy's pool,
made in the lifespan; a session for each request, whose dependency commits and closes it when the
answer is on its way, reads included, and after an error, too; a DAO as a class that is a
dependency; a router in a router. Theirs answers an insert with nothing: ours flushes for the id of
the new row.

Written by us from reading, not their code.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, DateTime, String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The base class of all models."""


def _now() -> datetime:
    return datetime.now(UTC)


class Company(Base):
    """A company."""

    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(length=120))
    industry: Mapped[str] = mapped_column(String(length=120))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)


class CompanyDTO(BaseModel):
    """A company, as clients see it."""

    id: int
    name: str
    industry: str
    created_at: datetime
    updated_at: datetime

    model_config = ConfigDict(from_attributes=True)


class CompanyInputDTO(BaseModel):
    """A new company."""

    name: str = Field(min_length=1, max_length=120)
    industry: str = Field(min_length=1, max_length=120)


async def get_db_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield a session for a request, and commit whatever happened."""
    session: AsyncSession = request.app.state.db_session_factory()
    try:
        yield session
    finally:
        await session.commit()
        await session.close()


class CompanyDAO:
    """What is asked of the table."""

    def __init__(self, session: AsyncSession = Depends(get_db_session)) -> None:
        """Ask in a session."""
        self.session = session

    async def create(self, name: str, industry: str) -> Company:
        """Add a company."""
        company = Company(name=name, industry=industry)
        self.session.add(company)
        await self.session.flush()
        return company

    async def get(self, company_id: int) -> Company | None:
        """Return a company."""
        found = await self.session.execute(select(Company).where(Company.id == company_id))
        return found.scalars().one_or_none()


router = APIRouter()


@router.get("/{company_id}", response_model=CompanyDTO)
async def get_company(company_id: int, dao: CompanyDAO = Depends()) -> Company:
    """Return a company."""
    company = await dao.get(company_id)
    if company is None:
        raise HTTPException(404)
    return company


@router.post("", response_model=CompanyDTO)
async def create_company(new: CompanyInputDTO, dao: CompanyDAO = Depends()) -> Company:
    """Add a company."""
    return await dao.create(name=new.name, industry=new.industry)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep an engine, and what makes sessions."""
    engine = create_async_engine(os.environ["DATABASE_URL"], echo=False)
    app.state.db_session_factory = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await engine.dispose()


def get_app() -> FastAPI:
    """Return the application."""
    app = FastAPI(
        lifespan=lifespan,
        docs_url="/api/docs",
        redoc_url="/api/redoc",
        openapi_url="/api/openapi.json",
    )
    api_router = APIRouter()
    api_router.include_router(router, prefix="/v1/companies", tags=["companies"])
    app.include_router(router=api_router, prefix="/api")
    return app
