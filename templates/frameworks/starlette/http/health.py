"""Health checks: liveness (`/health`) and readiness (`/ready`)."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.kit.http.error_handlers import ProblemResponse
from app.kit.http.problems import NOT_READY
from app.kit.http.requests import resources_of


async def health(_request: Request) -> Response:
    """Report that the process is alive; touches no database."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Report whether the database answers."""
    if await resources_of(request).readiness.check():
        return JSONResponse({"status": "ready"})
    return ProblemResponse(NOT_READY)


routes = [
    Route("/health", health),
    Route("/ready", ready),
]
