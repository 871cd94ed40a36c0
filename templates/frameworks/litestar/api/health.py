"""For whoever watches over the service."""

from typing import Literal

from litestar import Response, get
from litestar.datastructures import State
from msgspec import Struct

from app.api.problems import documented, problem_response
from app.db.readiness import Readiness
from app.problems import NOT_READY


class Health(Struct):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Ready(Struct):
    """The service can do its work."""

    status: Literal["ready"] = "ready"


@get("/health", tags=["health"])
async def health() -> Health:
    """Say that the process is alive; touches no database."""
    return Health()


@get("/ready", tags=["health"], responses=documented(503))
async def ready(state: State) -> Response[Ready]:
    """Say whether the database answers."""
    readiness: Readiness = state.readiness
    if await readiness.check():
        return Response(Ready())
    return problem_response(NOT_READY)


HANDLERS = [health, ready]
