"""What proxies did to a request, undone: pure ASGI."""

from functools import partial
from typing import Any

from app.config import Settings
from app.proxies import Proxies


class BehindProxies:
    """Tells the application the path, the client and the scheme that the first proxy saw.

    It has to be the outermost, so that the log has them, too.
    """

    def __init__(self, app: Any, *, settings: Settings) -> None:
        """Wrap `app`."""
        self.app = app
        self.proxies = Proxies(settings)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the application."""
        if self.proxies and scope["type"] != "lifespan":
            scope = {**scope, **self._as_seen(scope)}
        await self.app(scope, receive, send)

    def _as_seen(self, scope: Any) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        if root_path := self.proxies.root_path:
            path, raw = scope["path"], scope.get("raw_path") or b""
            seen = {"root_path": root_path, "path": self.proxies.public_path(path)}
            seen["raw_path"] = self.proxies.public_path(raw.decode("latin-1")).encode("latin-1")
        peer = (scope.get("client") or ("",))[0]
        client, scheme = self.proxies.origin(peer, partial(_header, scope))
        if client != peer:
            seen["client"] = (client, 0)
        if scheme:
            is_websocket = scope["type"] == "websocket"
            seen["scheme"] = scheme.replace("http", "ws") if is_websocket else scheme
        return seen


def _header(scope: Any, name: str) -> str:
    values = (value for it, value in scope["headers"] if it == name.encode())
    return b",".join(values).decode("latin-1")
