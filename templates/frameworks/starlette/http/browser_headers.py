"""Headers for browsers: whose pages may read answers (CORS), and what not to do with them.

There are none, unless APP_CORS_ORIGINS and APP_SECURITY_HEADERS ask for them.
"""

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.settings import ServiceSettings

# {% include "parts/browser_constants.py" %}


class SecurityHeaders:
    """A middleware that adds the headers of SECURITY to each answer, in pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def install(app: Starlette, settings: ServiceSettings) -> None:
    """Make `app` add them."""
    if settings.app_cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.app_cors_origins,
            allow_methods=METHODS,
            allow_headers=settings.app_cors_headers,
            expose_headers=EXPOSED,
        )
    # The outer one, for what the other one answers, too.
    if settings.app_security_headers:
        app.add_middleware(SecurityHeaders)
