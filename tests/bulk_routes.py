"""Routes as owners add them, in each framework with pydantic, and what a flood of mistakes costs.

Run by a project's own Python, with the framework's name: it prints a JSON object.
"""

# ruff: noqa: PLC0415  only that Python has the project's modules, and its framework's

import asyncio
import json
import resource
import sys
import time
from typing import Any

SIZE = 1_000_000
"""Bytes of each body."""


def _filled(item: str) -> bytes:
    count = SIZE // (len(item) + 1)
    return ("[" + ",".join([item] * count) + "]").encode()


def _with_keys(item: str) -> bytes:
    keys = ",".join(f'"{number:06}":{item}' for number in range(SIZE // (len(item) + 10)))
    return ("{" + keys + "}").encode()


COMPANY = '{"name": "Acme", "industry": "Anvils"}'
BODIES = {
    "valid": ("/list", _filled(COMPANY)),
    "empty": ("/list", _filled("{}")),
    "numbers": ("/list", _filled("1")),
    "nested": ("/nested", b'{"companies": ' + _filled("{}") + b"}"),
    "plain": ("/plain", b'{"numbers": ' + _filled('""') + b', "by_name": {}}'),
    "by name": ("/plain", b'{"numbers": [], "by_name": ' + _with_keys("{}") + b"}"),
    "unknown": ("/one", _with_keys("1")),
    "long name": ("/one", b'{"' + b"x" * SIZE + b'": 1}'),
    "long value": ("/one", b'{"name": "' + "🏭".encode() * (SIZE // 4) + b'"}'),
    "deep": ("/one", b"[" * SIZE),
    "twice": ("/one", b"{" + b",".join([b'"a": 1'] * (SIZE // 7)) + b"}"),
}


def add_routes(framework: str, app: Any) -> None:
    """Add `/one`, `/list`, `/nested` and `/plain`."""
    from app.companies.schemas import CompanyCreate
    from pydantic import BaseModel

    class Nested(BaseModel):
        companies: list[CompanyCreate]

    class Plain(BaseModel):
        numbers: list[int]
        by_name: dict[str, CompanyCreate]

    bodies = {"/one": CompanyCreate, "/nested": Nested, "/plain": Plain}
    bodies["/list"] = list[CompanyCreate]  # type: ignore[assignment]
    for path, schema in bodies.items():
        if framework == "fastapi":

            async def receive(body: schema) -> str:  # type: ignore[valid-type]
                return type(body).__name__

            app.post(path)(receive)
        elif framework == "quart":
            from quart_schema import validate_request

            async def take(data: object) -> str:
                return type(data).__name__

            app.post(path, endpoint=path)(validate_request(schema)(take))
        else:
            from app.kit.http.requests import body_of
            from starlette.responses import PlainTextResponse

            async def read(request: Any, schema: Any = schema) -> PlainTextResponse:
                await body_of(request, schema)
                return PlainTextResponse("taken")

            app.router.add_route(path, read, methods=["POST"])


async def post(app: Any, path: str, body: bytes) -> tuple[int, int]:
    """Return the status and the size of the answer."""
    status, size = 0, 0
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"service"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent, answered = False, asyncio.Event()

    async def receive() -> Any:
        nonlocal sent
        if sent:
            await answered.wait()
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, size
        status = message.get("status", status)
        size += len(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    await app(scope, receive, send)
    return status, size


async def main(framework: str, name: str) -> None:
    """Send one body, and print what became of it."""
    from app.main import create_app
    from app.settings import Settings

    app = create_app(Settings(app_max_body_size=2 * SIZE, app_request_log=False))
    add_routes(framework, app)
    path, body = BODIES[name]
    await post(app, path, b"1")
    before, begun = peak(), time.process_time()
    status, size = await post(app, path, body)
    seconds = time.process_time() - begun
    told = {"status": status, "size": size, "peak": peak() - before, "seconds": seconds}
    print(json.dumps(told))


def peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
