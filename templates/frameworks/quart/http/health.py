"""Health checks: liveness (`/health`) and readiness (`/ready`)."""

from typing import Literal

from pydantic import BaseModel
from quart import Blueprint, Response
from quart_schema import document_response, tag_blueprint

from app.kit.http.error_handlers import documented, problem_response
from app.kit.http.problems import NOT_READY
from app.kit.http.requests import Json
from app.kit.http.sessions import get_resources

blueprint = Blueprint("health", __name__)
tag_blueprint(blueprint, ["health"])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """The service can do its work."""

    status: Literal["ready"] = "ready"


@blueprint.get("/health")
@document_response(Health)
async def health() -> Json:
    """Report that the process is alive; touches no database."""
    return Health().model_dump()


@blueprint.get("/ready")
@document_response(Ready)
@documented(503)
async def ready() -> Json | Response:
    """Report whether the database answers."""
    if await get_resources().readiness.check():
        return Ready().model_dump()
    return problem_response(NOT_READY)
