"""Middleware that logs requests, and gives each an id."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from app.kit.http.request_log import ID_HEADER, current_request_id, logged
from app.kit.settings import ServiceSettings


def request_log(settings: ServiceSettings) -> Middleware:
    """Return what logs a request once its handler has ended; it has to be the first."""

    @web.middleware
    async def log(request: web.Request, handler: Handler) -> web.StreamResponse:
        ids = request.headers.getall(ID_HEADER, [])
        is_on = settings.app_request_log
        with logged(request.method, request.path, ids, is_on=is_on) as exchange:
            resource = request.match_info.route.resource
            exchange.route = resource.canonical if resource else ""
            try:
                response = await handler(request)
                response.headers[ID_HEADER] = exchange.request_id
                exchange.status = response.status
            finally:
                exchange.client_gone = request.transport is None
            return response

    return log


async def add_id(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the id of the request to an answer that begins before its handler has ended."""
    if request_id := current_request_id():
        response.headers[ID_HEADER] = request_id
