"""Routes that tell what a request looks like, with Quart."""

from typing import Any

from quart import Quart, request, url_for, websocket


def seen(it: Any) -> dict[str, Any]:
    return {"client": it.remote_addr, "scheme": it.scheme, "host": it.host}


def install(app: Quart) -> None:
    @app.get("/seen/")
    async def tell() -> dict[str, Any]:
        return seen(request) | {"url": url_for("tell", _external=True)}

    @app.websocket("/seen/socket")
    async def tell_socket() -> None:
        await websocket.accept()
        await websocket.send_json(seen(websocket))

    @app.get("/seen/fail")
    async def fail() -> None:
        raise RuntimeError("on purpose")

    @app.get("/<path:path>/")
    async def any_path(path: str) -> str:
        return path
