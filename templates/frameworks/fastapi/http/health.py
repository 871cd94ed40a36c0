"""Health checks: liveness (`/health`) and readiness (`/ready`)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from app.kit.http.error_handlers import ProblemResponse, documented
from app.kit.http.problems import NOT_READY
from app.kit.http.sessions import get_resources
from app.kit.resources import SharedResources

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """The service can do its work."""

    status: Literal["ready"] = "ready"


@router.get("/health")
async def health() -> Health:
    """Report that the process is alive; touches no database."""
    return Health()


@router.get("/ready", response_model=Ready, responses=documented(503))
async def ready(resources: Annotated[SharedResources, Depends(get_resources)]) -> Ready | Response:
    """Report whether the database answers."""
    if await resources.readiness.check():
        return Ready()
    return ProblemResponse(NOT_READY)
