"""A limit on what a client may send."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import ProblemResponse


class BodyLimit:
    """Answers 413 to a request whose body is larger than `max_size` bytes.

    FastAPI's own `max_body_size` does it too, but answers in plain text.
    """

    def __init__(self, app: ASGIApp, *, max_size: int) -> None:
        """Wrap `app`."""
        self.app = app
        self.max_size = max_size
        self.detail = f"The body is larger than {max_size} bytes."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body by its announced length, or while it comes in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # The server has seen to it that this is a number.
        if int(Headers(scope=scope).get("content-length", 0)) > self.max_size:
            await ProblemResponse(413, self.detail)(scope, receive, send)
            return
        received = 0

        async def count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_size:
                raise HTTPException(413, self.detail)
            return message

        await self.app(scope, count, send)
