"""Middleware that logs requests."""

from aiohttp import web
from aiohttp.typedefs import Handler

from app.kit.http.request_log import is_logged, logged


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log the request, once its handler has ended; has to be the first."""
    if not is_logged():
        return await handler(request)
    with logged(request.method, request.path) as exchange:
        try:
            response = await handler(request)
            exchange.status = response.status
        finally:
            exchange.client_gone = request.transport is None
        return response
