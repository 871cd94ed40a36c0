"""A middleware that answers HEAD wherever GET is answered, in pure ASGI."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any


class HeadAsGet:
    """Answers HEAD as its route does or, if there is none, as GET: with its headers and no body."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
        elif not await self._answered(scope, receive, send, but=HTTPStatus.METHOD_NOT_ALLOWED):
            asked = {**scope, "method": "GET"}
            try:
                await self._answered(asked, receive, send)
            finally:
                # The log looks there for the route.
                scope |= {**asked, "method": "HEAD"}

    async def _answered(self, scope: Any, receive: Any, send: Any, but: int = 0) -> bool:
        # Returns whether the answer was sent; one with the status `but` is dropped.
        unwanted = done = False

        async def send_head(message: Any) -> None:
            nonlocal unwanted, done
            unwanted = unwanted or message.get("status") == but
            if unwanted or done:
                return
            done = message["type"] == "http.response.body"
            await send({**message, "body": b"", "more_body": False} if done else message)
            if done and message.get("more_body"):
                # Nobody needs the rest of a stream.
                answering.cancel()

        answering = asyncio.ensure_future(self.app(scope, receive, send_head))
        try:
            await answering
        except asyncio.CancelledError:
            if not done:
                raise
        return not unwanted
