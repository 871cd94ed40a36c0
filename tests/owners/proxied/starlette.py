"""Routes that tell what a request looks like, with Starlette."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket


def seen(it: HTTPConnection) -> dict[str, Any]:
    url = it.url
    return {"client": it.client and it.client.host, "scheme": url.scheme, "host": url.netloc}


async def tell(request: Request) -> Response:
    return JSONResponse(seen(request) | {"url": str(request.url_for("tell"))})


async def tell_socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_json(seen(socket))
    await socket.close()


async def fail(_request: Request) -> Response:
    raise RuntimeError("on purpose")


async def any_path(request: Request) -> Response:
    return Response(request.path_params["path"])


def install(app: Starlette) -> None:
    app.router.routes += [
        Route("/seen/", tell),
        WebSocketRoute("/seen/socket", tell_socket),
        Route("/seen/fail", fail),
        Route("/{path:path}/", any_path),
    ]
