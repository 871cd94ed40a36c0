"""Health checks: liveness (`/health`) and readiness (`/ready`)."""

from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Response
from pydantic import BaseModel

from app.kit.http.error_handlers import ProblemResponse, documented
from app.kit.http.problems import NOT_READY
from app.kit.http.sessions import get_resources
from app.kit.resources import SharedResources


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """The service can do its work."""

    status: Literal["ready"] = "ready"


async def health() -> Health:
    """Report that the process is alive; touches no database."""
    return Health()


async def ready(resources: Annotated[SharedResources, Depends(get_resources)]) -> Ready | Response:
    """Report whether the database answers."""
    if await resources.readiness.check():
        return Ready()
    return ProblemResponse(NOT_READY)


def install(app: FastAPI) -> None:
    """Add them to `app`: not as a router, which would look at each request before the owner's."""
    app.get("/health", tags=["health"])(health)
    app.get("/ready", response_model=Ready, responses=documented(503), tags=["health"])(ready)
