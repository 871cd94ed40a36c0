"""Requests as the first proxy saw them, and routes below the prefix."""

from typing import Any

from sanic import Request
from sanic.headers import Options, fwd_normalize
from sanic.router import Router

from app.kit.http.proxies import origin, public_path


class SeenRequest(Request[Any, Any]):
    """A request with the path, the client and the scheme that the first proxy saw.

    In place of Sanic's own settings for this (PROXIES_COUNT, FORWARDED_SECRET).
    """

    @property
    def path(self) -> str:
        """The path, with the prefix."""
        return public_path(super().path, self.app.ctx.prefix)

    @property
    def forwarded(self) -> Options:
        """What trusted proxies say."""
        if self.parsed_forwarded is None:
            client, scheme = origin(self.ip, self.app.ctx.trusted_proxies, self._header)
            seen = (("for", client if client != self.ip else ""), ("proto", scheme))
            self.parsed_forwarded = fwd_normalize((name, value) for name, value in seen if value)
        return self.parsed_forwarded

    def _header(self, name: str) -> str:
        return ",".join(self.headers.getall(name, []))


class PrefixRouter(Router):
    """Adds routes below `root_path`."""

    def __init__(self, root_path: str) -> None:
        super().__init__()
        self._root_path = root_path

    def add(self, uri: str, *arguments: Any, **options: Any) -> Any:  # type: ignore[override]  # as Sanic does
        """Add a route."""
        if options.get("version") is None:
            uri = self._root_path + uri
        else:
            options["version_prefix"] = self._root_path + options.get("version_prefix", "/v")
        return super().add(uri, *arguments, **options)
