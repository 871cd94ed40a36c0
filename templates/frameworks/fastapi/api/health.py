"""For whoever watches over the service."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.api.problems import ProblemResponse, documented
from app.api.sessions import Shared
from app.problems import NOT_READY

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """The service can do its work."""

    status: Literal["ready"] = "ready"


@router.get("/health")
async def health() -> Health:
    """Say that the process is alive; touches no database."""
    return Health()


@router.get("/ready", response_model=Ready, responses=documented(503))
async def ready(resources: Shared) -> Ready | Response:
    """Say whether the database answers."""
    if await resources.readiness.check():
        return Ready()
    return ProblemResponse(NOT_READY)
