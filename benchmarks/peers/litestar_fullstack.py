"""Litestar with Advanced Alchemy and psycopg, in the way of litestar-fullstack: a service.

Read: https://github.com/litestar-org/litestar-fullstack, commit 8b637ce of 2026-01-10 (0.3.0),
src/py/app: lib/settings.py, utils/engine_factory.py, server/, domain/tags, db/models/_tag.py,
lib/schema.py. What we took over: granian, by `litestar run`; a pool of 5 connections with 10 more,
the last one returned first, recycled after 300 s; Advanced Alchemy's `autocommit`, which commits
before an answer of 2xx is sent, reads included; a service with a repository as a dependency;
msgspec structs, made from the row by `to_schema`; CORS; structlog without a line for each request;
problem details. Left out: users and their tokens, the queue, mails, the frontend, and the renaming
of fields to camel case. The id is a number, not a UUID: the table is the same for all.

Written by us from reading, not their code.
"""

import os
from datetime import datetime
from typing import Any

import msgspec
from advanced_alchemy.base import BigIntAuditBase
from advanced_alchemy.extensions.litestar import (
    AsyncSessionConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemyPlugin,
)
from advanced_alchemy.extensions.litestar.providers import create_service_dependencies
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from litestar import Controller, Litestar, get, post
from litestar.config.cors import CORSConfig
from litestar.plugins.problem_details import ProblemDetailsConfig, ProblemDetailsPlugin
from litestar.plugins.structlog import StructlogConfig, StructlogPlugin
from litestar.serialization import decode_json, encode_json
from litestar_granian import GranianPlugin
from sqlalchemy import String
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Mapped, mapped_column


class Company(BigIntAuditBase):
    """A company."""

    __tablename__ = "companies"

    name: Mapped[str] = mapped_column(String(length=120))
    industry: Mapped[str] = mapped_column(String(length=120))


class CompanyService(SQLAlchemyAsyncRepositoryService[Company]):
    """What is done with companies."""

    class Repo(SQLAlchemyAsyncRepository[Company]):
        """How their table is asked."""

        model_type = Company

    repository_type = Repo


class BaseStruct(msgspec.Struct):
    """The base of all schemas."""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that were given."""
        return {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not msgspec.UNSET
        }


class CompanyStruct(BaseStruct):
    """A company, as clients see it."""

    id: int
    name: str
    industry: str
    created_at: datetime
    updated_at: datetime


class CompanyCreate(BaseStruct):
    """A new company."""

    name: str
    industry: str


class CompanyController(Controller):
    """The routes of companies."""

    path = "/api/v1/companies"
    dependencies = create_service_dependencies(CompanyService, key="companies_service")
    tags = ("Companies",)

    @get(path="/{company_id:int}", operation_id="GetCompany")
    async def get_company(
        self, companies_service: CompanyService, company_id: int
    ) -> CompanyStruct:
        """Return a company."""
        company = await companies_service.get(company_id)
        return companies_service.to_schema(company, schema_type=CompanyStruct)

    @post(path="", operation_id="CreateCompany")
    async def create_company(
        self, companies_service: CompanyService, data: CompanyCreate
    ) -> CompanyStruct:
        """Add a company."""
        company = await companies_service.create(data.to_dict())
        return companies_service.to_schema(company, schema_type=CompanyStruct)


engine = create_async_engine(
    os.environ["DATABASE_URL"],
    json_serializer=encode_json,
    json_deserializer=decode_json,
    pool_size=5,
    max_overflow=10,
    pool_timeout=30,
    pool_recycle=300,
    pool_use_lifo=True,
)
alchemy = SQLAlchemyAsyncConfig(
    engine_instance=engine,
    before_send_handler="autocommit",
    session_config=AsyncSessionConfig(expire_on_commit=False),
)
app = Litestar(
    route_handlers=[CompanyController],
    cors_config=CORSConfig(allow_origins=["*"]),
    plugins=[
        StructlogPlugin(StructlogConfig(enable_middleware_logging=False)),
        GranianPlugin(),
        SQLAlchemyPlugin(alchemy),
        ProblemDetailsPlugin(ProblemDetailsConfig(enable_for_all_http_exceptions=True)),
    ],
)
