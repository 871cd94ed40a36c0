"""Middleware, in pure ASGI: it neither buffers a stream nor outlives an abandoned one."""

from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from app.kit.errors import DomainError
from app.kit.http.error_handlers import ProblemResponse
from app.kit.http.problems import Problem, database_problem, domain_problem, unexpected_problem


class UnexpectedErrors:
    """Answers 500 for errors that nothing else handles.

    A handler for Exception would not do: Starlette raises the error again after it, and
    servers may then drop the connection of a client that has yet to read the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._run_websocket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception as error:
            if started:
                raise
            problem = unexpected_problem(error, f"{scope['method']} {scope['path']}")
            await ProblemResponse(problem)(scope, receive, send)

    async def _run_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except WebSocketDisconnect:
            return
        except DomainError as error:
            problem = domain_problem(error)
        except SQLAlchemyError as error:
            problem = database_problem(error, f"WebSocket {scope['path']}")
        except Exception as error:  # noqa: BLE001  whatever it is, the client gets an answer
            problem = unexpected_problem(error, f"WebSocket {scope['path']}")
        else:
            return
        code, reason = problem.close_code, problem.detail[:100]
        # Servers raise different errors when the WebSocket is closed already.
        with suppress(OSError, RuntimeError):
            await send({"type": "websocket.close", "code": code, "reason": reason})


class BodyLimit:
    """Answers 413 to a request whose body is larger than `max_size` bytes."""

    def __init__(self, app: ASGIApp, *, max_size: int) -> None:
        self.app = app
        self.max_size = max_size
        self.problem = Problem(413, f"The body is larger than {max_size} bytes.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # The server has seen to it that this is a number.
        if int(dict(scope["headers"]).get(b"content-length", 0)) > self.max_size:
            await ProblemResponse(self.problem)(scope, receive, send)
            return
        received = 0

        async def count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_size:
                raise HTTPException(self.problem.status, self.problem.detail)
            return message

        await self.app(scope, count, send)
