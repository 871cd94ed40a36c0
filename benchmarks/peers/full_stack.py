"""FastAPI with SQLModel, in the way of full-stack-fastapi-template: sync sessions, in threads.

Read: https://github.com/fastapi/full-stack-fastapi-template, commit 68adb40 of 2026-08-21 (after
0.12.0), backend/app: core/db.py, api/deps.py, api/routes/items.py, crud.py, models.py, main.py.
What we took over: psycopg; an engine with the defaults of SQLAlchemy's pool; a session for each
request, from a dependency that only closes it; a commit and a refresh in the route that inserts;
CORS; a router in a router; names of its own for the operations. Left out: users, mails, Sentry,
which is off without a DSN, and the frontend. It demands Python 3.14, and runs here with the Python
of all the others.

Written by us from reading, not their code.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from sqlalchemy import DateTime
from sqlmodel import Field, Session, SQLModel, create_engine

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
    created_at: datetime | None = Field(default_factory=_now, sa_type=DateTime(timezone=True))
    updated_at: datetime | None = Field(default_factory=_now, sa_type=DateTime(timezone=True))


class CompanyCreate(CompanyBase):
    """A new company."""


class CompanyPublic(CompanyBase):
    """A company, as clients see it."""

    id: int
    created_at: datetime | None = None
    updated_at: datetime | None = None


def get_db() -> Iterator[Session]:
    """Yield a session for a request."""
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_db)]
router = APIRouter(prefix="/companies", tags=["companies"])


@router.get("/{id}", response_model=CompanyPublic)
def read_company(session: SessionDep, id: int) -> Company:  # noqa: A002  their names
    """Return a company."""
    company = session.get(Company, id)
    if not company:
        raise HTTPException(404, "There is no such company.")
    return company


@router.post("", response_model=CompanyPublic)
def create_company(*, session: SessionDep, company_in: CompanyCreate) -> Company:
    """Add a company."""
    company = Company.model_validate(company_in)
    session.add(company)
    session.commit()
    session.refresh(company)
    return company


def name_operation(route: APIRoute) -> str:
    """Return an operation's name in the OpenAPI document."""
    return f"{route.tags[0]}-{route.name}"


api_router = APIRouter()
api_router.include_router(router)
app = FastAPI(
    openapi_url="/api/v1/openapi.json",
    generate_unique_id_function=name_operation,
)
app.add_middleware(
    CORSMiddleware,
    allow_origins=["http://localhost:5173"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)
app.include_router(api_router, prefix="/api/v1")
