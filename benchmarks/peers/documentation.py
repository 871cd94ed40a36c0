"""FastAPI with SQLModel, in the way of FastAPI's own documentation: sync sessions, in threads.

Read: https://github.com/fastapi/fastapi, commit c3f316b of 2026-08-19, the tutorial "SQL
(Relational) Databases" and its docs_src/sql_databases/tutorial002_an_py310.py. What we took over: a
session for each request, from a dependency that only closes it; a commit and a refresh in the route
that inserts; an engine with the defaults of SQLAlchemy's pool; tables that are made at the start,
if they are not there. Its SQLite is PostgreSQL here, with psycopg.

Written by us from reading, not their code.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import DateTime
from sqlmodel import Field, Session, SQLModel, create_engine

COMPANIES = "/api/v1/companies"
engine = create_engine(os.environ["DATABASE_URL"])


def _now() -> datetime:
    return datetime.now(UTC)


class CompanyBase(SQLModel):
    """What clients give and get."""

    name: str = Field(min_length=1, max_length=120)
    industry: str = Field(min_length=1, max_length=120)


class Company(CompanyBase, table=True):
    """A company."""

    __tablename__ = "companies"

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(default_factory=_now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=_now, sa_type=DateTime(timezone=True))


class CompanyCreate(CompanyBase):
    """A new company."""


class CompanyPublic(CompanyBase):
    """A company, as clients see it."""

    id: int
    created_at: datetime
    updated_at: datetime


def get_session() -> Iterator[Session]:
    """Yield a session for a request."""
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Make the tables first."""
    SQLModel.metadata.create_all(engine)
    yield


app = FastAPI(lifespan=lifespan)


@app.post(COMPANIES, response_model=CompanyPublic)
def create_company(company: CompanyCreate, session: SessionDep) -> Company:
    """Add a company."""
    added = Company.model_validate(company)
    session.add(added)
    session.commit()
    session.refresh(added)
    return added


@app.get(f"{COMPANIES}/{{company_id}}", response_model=CompanyPublic)
def read_company(company_id: int, session: SessionDep) -> Company:
    """Return a company."""
    if (company := session.get(Company, company_id)) is None:
        raise HTTPException(404, "There is no such company.")
    return company
