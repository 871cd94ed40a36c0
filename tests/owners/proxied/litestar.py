"""Routes that tell what a request looks like, with Litestar."""

from typing import Any

from litestar import Litestar, Request, WebSocket, get, websocket
from litestar.connection import ASGIConnection


def seen(it: ASGIConnection[Any, Any, Any, Any]) -> dict[str, Any]:
    url = it.url
    return {"client": it.client and it.client.host, "scheme": url.scheme, "host": url.netloc}


@get("/seen", name="tell")
async def tell(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return seen(request) | {"url": request.url_for("tell")}


@websocket("/seen/socket")
async def tell_socket(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.send_json(seen(socket))
    await socket.close()


@get("/seen/fail")
async def fail() -> None:
    raise RuntimeError("on purpose")


def install(app: Litestar) -> None:
    app.register(tell)
    app.register(fail)
    app.register(tell_socket)
