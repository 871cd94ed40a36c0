"""Headers for browsers: whose pages may read answers (CORS), and what not to do with them.

There are none, unless APP_CORS_ORIGINS and APP_SECURITY_HEADERS ask for them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.kit.settings import ANY_ORIGIN, ServiceSettings

# {% include "parts/browser_rules.py" %}


class BrowserHeaders:
    """Adds them, and answers what browsers ask before a page of another origin may ask."""

    def __init__(self, app: Any, *, settings: ServiceSettings) -> None:
        self.app = app
        self.rules = BrowserRules(settings)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not self.rules:
            await self.app(scope, receive, send)
            return
        asked = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        origin = asked.get(b"origin")
        requested = asked.get(b"access-control-request-method")
        more = list(_encoded(self.rules.headers(origin)))
        preflight = self.rules.preflight(scope["method"], origin, requested)
        if preflight is not None:
            headers = [*more, *_encoded(preflight)]
            await send({"type": "http.response.start", "status": 204, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *more]}
            await send(message)

        await self.app(scope, receive, send_with_headers if more else send)


def _encoded(headers: Mapping[str, str]) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers.items():
        yield name.lower().encode(), value.encode("latin-1")
