"""The methods that a path has: Starlette looks no further than its first route."""

from starlette.requests import Request
from starlette.routing import Match

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def allowed_methods(request: Request) -> str:
    """Return what `Allow` has to say about the path of `request` (RFC 9110, 15.5.6)."""
    allowed = {method for method in METHODS if _has_route(request, method)}
    # What HeadAsGet adds.
    allowed |= {"HEAD"} if "GET" in allowed else set()
    return ", ".join(sorted(allowed))


def _has_route(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
