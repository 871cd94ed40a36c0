"""What proxies did to a request, undone."""

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from app.config import Settings
from app.proxies import Proxies


def install(app: web.Application, settings: Settings) -> None:
    """Move all routes of `app` below the prefix, and tell it what the first proxy saw.

    Its middleware becomes the first, so that the log has that, too.
    """
    proxies = Proxies(settings)

    @web.middleware
    async def undo(request: web.Request, handler: Handler) -> web.StreamResponse:
        sent = request.rel_url
        if proxies.public_path(sent.path) != sent.path:
            path = proxies.public_path(sent.raw_path)
            url = URL.build(path=path, query_string=sent.raw_query_string, encoded=True)
            # Find its route once more.
            return await app._handle(request.clone(rel_url=url))  # noqa: SLF001  no public way

        def header(name: str) -> str:
            return ",".join(request.headers.getall(name, []))

        peer = request.remote or ""
        client, scheme = proxies.origin(peer, header)
        if client != peer or scheme:
            request = request.clone(remote=client, scheme=scheme or request.scheme)
        return await handler(request)

    app.middlewares.insert(0, undo)
    # As aiohttp does for the routes of a sub-application.
    for resource in app.router.resources() if proxies.root_path else ():
        app.router.unindex_resource(resource)
        resource.add_prefix(proxies.root_path)
        app.router.index_resource(resource)
