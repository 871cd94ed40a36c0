"""Middleware that restores what proxies changed in a request."""

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from app.kit.http.proxies import origin, public_path
from app.kit.settings import ServiceSettings


def install(app: web.Application, settings: ServiceSettings) -> None:
    """Move all routes of `app` below the prefix, and tell it what the first proxy saw.

    Its middleware becomes the first, so that the log has that, too.
    """
    prefix, trusted = settings.app_root_path, settings.app_trusted_proxies

    @web.middleware
    async def undo(request: web.Request, handler: Handler) -> web.StreamResponse:
        sent = request.rel_url
        if public_path(sent.path, prefix) != sent.path:
            path = public_path(sent.raw_path, prefix)
            url = URL.build(path=path, query_string=sent.raw_query_string, encoded=True)
            # Find its route once more.
            return await app._handle(request.clone(rel_url=url))  # noqa: SLF001  no public way

        def header(name: str) -> str:
            return ",".join(request.headers.getall(name, []))

        peer = request.remote or ""
        client, scheme = origin(peer, trusted, header)
        if client != peer or scheme:
            request = request.clone(remote=client, scheme=scheme or request.scheme)
        return await handler(request)

    app.middlewares.insert(0, undo)
    # As aiohttp does for the routes of a sub-application.
    for resource in app.router.resources() if prefix else ():
        app.router.unindex_resource(resource)
        resource.add_prefix(prefix)
        app.router.index_resource(resource)
