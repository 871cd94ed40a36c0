"""Routes that tell what a request looks like, with FastAPI."""

from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.requests import HTTPConnection


def seen(it: HTTPConnection) -> dict[str, Any]:
    url = it.url
    return {"client": it.client and it.client.host, "scheme": url.scheme, "host": url.netloc}


def install(app: FastAPI) -> None:
    @app.get("/seen/")
    async def tell(request: Request) -> dict[str, Any]:
        return seen(request) | {"url": str(request.url_for("tell"))}

    @app.websocket("/seen/socket")
    async def tell_socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(seen(socket))
        await socket.close()

    @app.get("/seen/fail")
    async def fail() -> None:
        raise RuntimeError("on purpose")

    @app.get("/{path:path}/")
    async def any_path(path: str) -> str:
        return path
