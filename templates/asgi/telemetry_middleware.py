"""Middleware that observes requests for telemetry, in pure ASGI."""

from typing import Any

from opentelemetry.propagators.textmap import Getter

from app.kit.telemetry.requests import is_probe, observed


class HeaderGetter(Getter[Any]):
    """Finds headers in a scope, for OpenTelemetry."""

    def get(self, carrier: Any, key: str) -> list[str] | None:
        """Return the values of a header, or None."""
        name = key.lower().encode()
        return [value.decode("latin-1") for key, value in carrier if key == name] or None

    def keys(self, carrier: Any) -> list[str]:
        """Return the names of all headers."""
        return [name.decode("latin-1") for name, _ in carrier]


GETTER = HeaderGetter()


class ObservedRequests:
    """Observes each request, around the log: so its lines have the ids of the trace.

    Not WebSockets, which may last for days.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or is_probe(scope["path"], scope.get("root_path", "")):
            await self.app(scope, receive, send)
            return
        with observed(
            scope["method"],
            scope["path"],
            scheme=scope["scheme"],
            version=scope["http_version"],
            headers=scope["headers"],
            getter=GETTER,
        ) as observation:

            async def note_end(message: Any) -> None:
                await send(message)
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    observation.end()

            await self.app(scope, receive, note_end)
