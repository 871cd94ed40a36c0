"""Routes that tell what a request looks like, with Sanic."""

from typing import Any

from sanic import HTTPResponse, Request, Sanic, Websocket, json


def seen(it: Request[Any, Any]) -> dict[str, Any]:
    return {"client": it.client_ip, "scheme": it.scheme, "host": it.host}


async def tell(request: Request[Any, Any]) -> HTTPResponse:
    return json(seen(request) | {"url": request.url_for("tell")})


async def tell_socket(request: Request[Any, Any], socket: Websocket) -> None:
    await socket.send(json(seen(request)).body.decode())


async def fail(_request: Request[Any, Any]) -> HTTPResponse:
    raise RuntimeError("on purpose")


def install(app: Sanic[Any, Any]) -> None:
    app.add_route(tell, "/seen/")
    app.add_route(fail, "/seen/fail")
    app.add_websocket_route(tell_socket, "/seen/socket")
