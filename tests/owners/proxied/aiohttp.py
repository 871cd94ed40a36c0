"""Routes that tell what a request looks like, with aiohttp."""

from typing import Any

from aiohttp import web


def seen(it: web.Request) -> dict[str, Any]:
    return {"client": it.remote, "scheme": it.scheme, "host": it.host}


async def tell(request: web.Request) -> web.Response:
    url = request.url.join(request.app.router["tell"].url_for())
    return web.json_response(seen(request) | {"url": str(url)})


async def tell_socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await socket.send_json(seen(request))
    await socket.close()
    return socket


async def fail(_request: web.Request) -> web.Response:
    raise RuntimeError("on purpose")


async def any_path(request: web.Request) -> web.Response:
    return web.Response(text=request.match_info["path"])


def install(app: web.Application) -> None:
    app.middlewares.append(web.normalize_path_middleware())
    app.router.add_get("/seen/", tell, name="tell")
    app.router.add_get("/seen/socket", tell_socket)
    app.router.add_get("/seen/fail", fail)
    app.router.add_get("/{path:.*}/", any_path)
