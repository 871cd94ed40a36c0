"""Health checks: liveness (`/health`) and readiness (`/ready`)."""

from typing import Literal

from litestar import Response, get
from msgspec import Struct

from app.kit.http.error_handlers import documented, problem_response
from app.kit.http.problems import NOT_READY
from app.kit.http.sessions import Shared


class Health(Struct):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Ready(Struct):
    """The service can do its work."""

    status: Literal["ready"] = "ready"


@get("/health", tags=["health"])
async def health() -> Health:
    """Report that the process is alive; touches no database."""
    return Health()


@get("/ready", tags=["health"], responses=documented(503))
async def ready(resources: Shared) -> Response[Ready]:
    """Report whether the database answers."""
    if await resources.readiness.check():
        return Response(Ready())
    return problem_response(NOT_READY)


HANDLERS = [health, ready]
