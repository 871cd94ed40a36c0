"""Errors as problem details."""

import asyncio
import json
from weakref import WeakSet

from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import SQLAlchemyError

from app.kit.errors import DomainError
from app.kit.http.problems import (
    MEDIA_TYPE,
    Problem,
    database_problem,
    domain_problem,
    log_broken_stream,
    unexpected_problem,
)

STARTED = web.RequestKey("started", web.StreamResponse)
BROKEN_BODY = (web.RequestPayloadError, ConnectionError)


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error with a problem."""
    try:
        return await handler(request)
    except (web.HTTPRedirection, web.HTTPSuccessful) as answer:
        # Raised, but no error, and the log need not take it for one.
        response = web.Response(body=answer.body, status=answer.status, headers=answer.headers)
        response.cookies.update(answer.cookies)
        return response
    except Exception as error:  # noqa: BLE001  whatever it is, the client is told
        if STARTED in request:
            return await _end(request[STARTED], error, request)
        response = problem_response(problem_of(error, request))
        if isinstance(error, BROKEN_BODY):
            # Where the next request would begin is not known.
            response.force_close()
        return response


def install(app: web.Application) -> None:
    """Make `app` record which answers have started, and close its WebSockets when it stops."""
    sockets: WeakSet[web.WebSocketResponse] = WeakSet()

    async def note(request: web.Request, response: web.StreamResponse) -> None:
        request[STARTED] = response
        if isinstance(response, web.WebSocketResponse):
            sockets.add(response)

    async def close(_app: web.Application) -> None:
        await asyncio.gather(*(socket.close(code=1001) for socket in sockets))

    app.on_response_prepare.append(note)
    app.on_shutdown.append(close)


async def _end(
    response: web.StreamResponse, error: Exception, request: web.Request
) -> web.StreamResponse:
    # A second answer can't follow the first.
    if isinstance(response, web.WebSocketResponse):
        problem = problem_of(error, request)
        await response.close(code=problem.close_code, message=problem.detail[:100].encode())
    else:
        log_broken_stream(error, f"{request.method} {request.path}")
        if request.transport:
            request.transport.abort()
    return response


def problem_response(problem: Problem) -> web.Response:
    """Return a problem as a response."""
    return web.Response(
        body=json.dumps(problem.body()).encode(),
        status=problem.status,
        headers=problem.headers,
        content_type=MEDIA_TYPE,
    )


def problem_of(error: Exception, request: web.Request) -> Problem:
    """Return what to tell the client about `error`; log faults of the service."""
    match error:
        case web.HTTPError():
            allow = error.headers.get("Allow")
            detail = (error.text or error.reason).removeprefix(f"{error.status}: ")
            return Problem(error.status, detail, {"Allow": allow} if allow else {})
        case web.RequestPayloadError() | ConnectionError():
            return Problem(400, "The body ended too early, or is not encoded as announced.")
        case DomainError():
            return domain_problem(error)
        case SQLAlchemyError():
            return database_problem(error, f"{request.method} {request.path}")
        case _:
            return unexpected_problem(error, f"{request.method} {request.path}")
