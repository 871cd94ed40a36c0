"""The floor: what one process can do at best, with no ORM, no model and no validation.

Starlette, a pool of asyncpg's without its reset query, and orjson. A read takes one round trip,
and so does an insert: a single statement that the server commits by itself.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

COMPANIES = "/api/v1/companies"
_READ = "SELECT id, name, industry, created_at, updated_at FROM companies WHERE id = $1"
_INSERT = """
INSERT INTO companies (name, industry, created_at, updated_at) VALUES ($1, $2, now(), now())
RETURNING id, name, industry, created_at, updated_at
"""


class _Connection(asyncpg.Connection):
    def get_reset_query(self) -> str:
        """Return what is sent when a connection goes back: nothing."""
        return ""


async def get_company(request: Request) -> Response:
    """Answer with a company."""
    row = await request.app.state.pool.fetchrow(_READ, request.path_params["company_id"])
    return Response(orjson.dumps(dict(row)), media_type="application/json")


async def create_company(request: Request) -> Response:
    """Add a company."""
    body = orjson.loads(await request.body())
    row = await request.app.state.pool.fetchrow(_INSERT, body["name"], body["industry"])
    return Response(orjson.dumps(dict(row)), 201, media_type="application/json")


async def health(_request: Request) -> Response:
    """Say that the process is alive."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Keep a pool of ten connections, as the projects do."""
    url = os.environ["DATABASE_URL"]
    async with asyncpg.create_pool(
        url, min_size=10, max_size=10, connection_class=_Connection
    ) as app.state.pool:
        yield


app = Starlette(
    routes=[
        Route("/health", health),
        Route(f"{COMPANIES}/{{company_id:int}}", get_company),
        Route(COMPANIES, create_company, methods=["POST"]),
    ],
    lifespan=lifespan,
)
