"""Health checks: liveness (`/health`) and readiness (`/ready`)."""

from aiohttp import web

from app.kit.http.error_handlers import problem_response
from app.kit.http.problems import NOT_READY
from app.kit.http.requests import resources_of

routes = web.RouteTableDef()


@routes.get("/health")
async def health(_request: web.Request) -> web.Response:
    """Report that the process is alive; touches no database."""
    return web.json_response({"status": "ok"})


@routes.get("/ready")
async def ready(request: web.Request) -> web.Response:
    """Report whether the database answers."""
    if await resources_of(request).readiness.check():
        return web.json_response({"status": "ready"})
    return problem_response(NOT_READY)
