"""Routes as owners add them, in each ASGI framework, and what HEAD gets from them.

Run by a project's own Python, with the framework's name: it prints a JSON object.
"""

# ruff: noqa: PLC0415  only that Python has the project's modules, and its framework's

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

PATHS = ["/new", "/own-head", "/endless", "/static/a.txt", "/only-post", "/nowhere"]
streamed: list[str] = []


async def endless() -> AsyncIterator[bytes]:
    """Yield for ever, and note when that is over."""
    try:
        while True:
            yield b"more"
            await asyncio.sleep(0.01)
    finally:
        streamed.append("closed")


def nothing() -> dict[str, str]:
    """Answer without a member."""
    return {}


def with_fastapi(app: Any, directory: str) -> None:
    """Add the routes."""
    from fastapi import Response
    from fastapi.responses import StreamingResponse
    from fastapi.staticfiles import StaticFiles

    app.get("/new")(lambda: {"it": "is new"})
    app.head("/own-head")(lambda: Response(headers={"X-Own": "1"}))
    app.get("/own-head")(nothing)
    app.get("/endless")(lambda: StreamingResponse(endless()))
    app.post("/only-post")(nothing)
    app.mount("/static", StaticFiles(directory=directory))


def with_starlette(app: Any, directory: str) -> None:
    """Add the routes."""
    from starlette.responses import JSONResponse, Response, StreamingResponse
    from starlette.staticfiles import StaticFiles

    async def new(_request: Any) -> Response:
        return JSONResponse({"it": "is new"})

    async def own(_request: Any) -> Response:
        return Response(headers={"X-Own": "1"})

    async def stream(_request: Any) -> Response:
        return StreamingResponse(endless())

    app.router.add_route("/new", new)
    app.router.add_route("/own-head", own, methods=["HEAD"])
    app.router.add_route("/endless", stream)
    app.router.add_route("/only-post", new, methods=["POST"])
    app.router.mount("/static", StaticFiles(directory=directory))


def with_quart(app: Any, directory: str) -> None:
    """Add the routes."""
    from quart import Response, send_from_directory

    async def new() -> dict[str, str]:
        return {"it": "is new"}

    async def own() -> Response:
        return Response("", headers={"X-Own": "1"})

    async def stream() -> Response:
        return Response(endless())

    async def static(name: str) -> Response:
        return await send_from_directory(directory, name)

    app.get("/new")(new)
    app.route("/own-head", methods=["HEAD"])(own)
    app.get("/endless")(stream)
    app.post("/only-post", endpoint="post")(new)
    app.get("/static/<name>")(static)


def with_litestar(app: Any, directory: str) -> None:
    """Add the routes."""
    from litestar import Response, get, head, post
    from litestar.response import Stream
    from litestar.static_files import create_static_files_router

    @get("/new", sync_to_thread=False)
    def new() -> dict[str, str]:
        return {"it": "is new"}

    @head("/own-head", sync_to_thread=False)
    def own() -> Response[None]:
        return Response(None, headers={"X-Own": "1"})

    @get("/endless", sync_to_thread=False)
    def stream() -> Stream:
        return Stream(endless())

    @post("/only-post", sync_to_thread=False)
    def only_post() -> None: ...

    static = create_static_files_router("/static", directories=[directory])
    for route in (new, own, stream, only_post, static):
        app.register(route)


async def asked(app: Any, method: str, path: str) -> dict[str, Any]:
    """Return the status, the headers and the size of the answer."""
    found: dict[str, Any] = {"size": 0}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"service")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
        "extensions": {},
    }
    sent, answered = False, asyncio.Event()

    async def receive() -> Any:
        nonlocal sent
        if sent:
            await answered.wait()
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found["status"] = message["status"]
            headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            kept = ("content-length", "content-type", "x-own", "allow")
            found["headers"] = {name: headers[name] for name in kept if name in headers}
        else:
            found["size"] += len(message.get("body", b""))
            if not message.get("more_body"):
                answered.set()

    async with asyncio.timeout(20):
        await app(scope, receive, send)
    return found


async def main(framework: str, directory: str) -> None:
    """Ask with HEAD and, where that ends, with GET, and print what is answered."""
    from app.main import create_app
    from app.settings import Settings

    app = create_app(Settings(app_request_log=False))
    globals()[f"with_{framework}"](app, directory)
    heads = {path: await asked(app, "HEAD", path) for path in PATHS}
    gets = {path: await asked(app, "GET", path) for path in PATHS if path != "/endless"}
    print(json.dumps({"HEAD": heads, "GET": gets, "streamed": streamed}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
