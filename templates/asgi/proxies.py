"""A middleware that undoes what proxies did to a request, in pure ASGI."""

from typing import Any

from app.config import Settings
from app.proxies import Proxies


class BehindProxies:
    """Shows the application, and the log, what the first proxy saw: so it is the outermost."""

    def __init__(self, app: Any, *, settings: Settings) -> None:
        """Wrap `app`."""
        self.app = app
        self.proxies = Proxies(settings)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the application."""
        if scope["type"] != "lifespan":
            scope = {**scope, **self._seen(scope)}
        await self.app(scope, receive, send)

    def _seen(self, scope: Any) -> dict[str, Any]:
        def header(name: str) -> str:
            values = (value for it, value in scope["headers"] if it == name.encode())
            return b",".join(values).decode("latin-1")

        seen: dict[str, Any] = {}
        if root_path := self.proxies.root_path:
            seen = {"root_path": root_path, "path": self.proxies.public_path(scope["path"])}
        peer = (scope.get("client") or [""])[0]
        client, scheme = self.proxies.origin(peer, header)
        if client != peer:
            seen["client"] = (client, 0)
        if scheme:
            is_websocket = scope["type"] == "websocket"
            seen["scheme"] = scheme.replace("http", "ws") if is_websocket else scheme
        return seen
