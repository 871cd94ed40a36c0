"""Headers for browsers: whose pages may read answers (CORS), and what not to do with them.

There are none, unless APP_CORS_ORIGINS and APP_SECURITY_HEADERS ask for them.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from app.kit.settings import ANY_ORIGIN, ServiceSettings

# {% include "parts/browser_rules.py" %}


def preflights(settings: ServiceSettings) -> Middleware:
    """Return what answers browsers that ask before a page of another origin may ask."""
    rules = BrowserRules(settings)

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        requested = request.headers.get("Access-Control-Request-Method")
        headers = rules.preflight(request.method, request.headers.get("Origin"), requested)
        if headers is None:
            return await handler(request)
        return web.Response(status=204, headers=headers)

    return answer


def install(app: web.Application, settings: ServiceSettings) -> None:
    """Make `app` add them."""
    rules = BrowserRules(settings)
    if not rules:
        return

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.extend(rules.headers(request.headers.get("Origin")))

    app.on_response_prepare.append(add)
