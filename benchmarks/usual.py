"""The usual template: what tutorials of FastAPI and SQLAlchemy show.

One transaction a request, reads included, committed by the session dependency after the answer
is on its way; `pool_pre_ping`, and SQLAlchemy's default pool of five connections and ten more.
"""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, DateTime, String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"), pool_pre_ping=True
)
create_session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """The base class of all models."""


def _now() -> datetime:
    return datetime.now(UTC)


class Company(Base):
    """A company."""

    __tablename__ = "companies"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    industry: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=_now, onupdate=_now
    )


class CompanyCreate(BaseModel):
    """A new company."""

    name: str = Field(min_length=1, max_length=120)
    industry: str = Field(min_length=1, max_length=120)


class CompanyRead(BaseModel):
    """A company, as clients see it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    industry: str
    created_at: datetime
    updated_at: datetime


async def get_session() -> AsyncIterator[AsyncSession]:
    """Yield a session; commit when the route is through, roll back if it fails."""
    async with create_session() as session:
        try:
            yield session
            await session.commit()
        except Exception:
            await session.rollback()
            raise


DbSession = Annotated[AsyncSession, Depends(get_session)]
router = APIRouter(prefix="/api/v1/companies")


@router.get("/{company_id}", response_model=CompanyRead)
async def get_company(session: DbSession, company_id: int) -> Company:
    """Return a company."""
    company = await session.get(Company, company_id)
    if company is None:
        raise HTTPException(404)
    return company


@router.post("", response_model=CompanyRead, status_code=201)
async def create_company(session: DbSession, body: CompanyCreate) -> Company:
    """Add a company."""
    company = Company(**body.model_dump())
    session.add(company)
    await session.flush()
    return company


app = FastAPI()
app.include_router(router)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}
