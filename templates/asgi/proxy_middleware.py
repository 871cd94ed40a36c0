"""A middleware that restores what proxies changed in a request, in pure ASGI."""

from typing import Any

from app.kit.http.proxies import origin, public_path
from app.kit.settings import ServiceSettings


class BehindProxies:
    """Shows the application and the log what the first proxy saw: so it is the outermost."""

    def __init__(self, app: Any, *, settings: ServiceSettings) -> None:
        self.app = app
        self.prefix, self.trusted = settings.app_root_path, settings.app_trusted_proxies

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        def header(name: str) -> str:
            values = (value for key, value in scope["headers"] if key == name.encode())
            return b",".join(values).decode("latin-1")

        if scope["type"] != "lifespan" and (self.trusted or self.prefix):
            peer = (scope.get("client") or [""])[0]
            client, scheme = origin(peer, self.trusted, header)
            scope = dict(scope)
            if client != peer:
                scope["client"] = (client, 0)
            if scheme:
                websocket = scope["type"] == "websocket"
                scope["scheme"] = scheme.replace("http", "ws") if websocket else scheme
            if self.prefix:
                scope["root_path"] = self.prefix
                scope["path"] = public_path(scope["path"], self.prefix)
        await self.app(scope, receive, send)
