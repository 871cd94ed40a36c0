"""Health checks: liveness (`/health`) and readiness (`/ready`)."""

from typing import Any

from sanic import Blueprint, HTTPResponse, Request, json

from app.kit.http.error_handlers import problem_response
from app.kit.http.problems import NOT_READY
from app.kit.http.requests import resources_of

blueprint = Blueprint("health")


@blueprint.get("/health")
async def health(_request: Request[Any, Any]) -> HTTPResponse:
    """Report that the process is alive; touches no database."""
    return json({"status": "ok"})


@blueprint.get("/ready")
async def ready(request: Request[Any, Any]) -> HTTPResponse:
    """Report whether the database answers."""
    if await resources_of(request).readiness.check():
        return json({"status": "ready"})
    return problem_response(NOT_READY)
