"""Headers for browsers: whose pages may read answers (CORS), and what not to do with them.

There are none, unless APP_CORS_ORIGINS and APP_SECURITY_HEADERS ask for them.
"""

from typing import Any

from sanic import HTTPResponse, Request

from app.kit.http.requests import App
from app.kit.settings import ANY_ORIGIN, ServiceSettings

# {% include "parts/browser_rules.py" %}


def install(app: App, settings: ServiceSettings) -> None:
    """Make `app` add them, and answer what browsers ask before a page of another origin may ask."""
    rules = BrowserRules(settings)
    if not rules:
        return

    def answer_preflight(request: Request[Any, Any]) -> HTTPResponse | None:
        requested = request.headers.get("Access-Control-Request-Method")
        headers = rules.preflight(request.method, request.headers.get("Origin"), requested)
        if headers is None:
            return None
        return HTTPResponse(status=204, headers=headers)

    def add(request: Request[Any, Any], response: Any) -> None:
        for name, value in rules.headers(request.headers.get("Origin")).items():
            response.headers.add(name, value)

    app.register_middleware(answer_preflight, "request")
    app.register_middleware(add, "response")
