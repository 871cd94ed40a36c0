"""The methods of a path, and error handlers for requests only.

For `Allow`, Starlette looks at the first route of a path only. It calls error handlers for
WebSockets, too, which have no method and take no response.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.routing import Match

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def allowed_methods(request: Request) -> str:
    """Return what `Allow` has to say about the path of `request` (RFC 9110, 15.5.6)."""
    allowed = {method for method in METHODS if _has_route(request, method)}
    # HeadAsGet adds it.
    allowed |= {"HEAD"} if "GET" in allowed else set()
    return ", ".join(sorted(allowed))


def _has_route(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def of_requests(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return `handler`, limited to requests: the middleware handles errors of WebSockets."""

    async def handle(connection: Any, error: Exception) -> Any:
        if not isinstance(connection, Request):
            raise error
        return await handler(connection, error)

    return handle
