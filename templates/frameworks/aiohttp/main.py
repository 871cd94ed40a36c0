"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

from collections.abc import AsyncIterator

from aiohttp import web

# {% if cookiecutter.__example %}
from app.companies.routes import routes as companies
from app.customers.routes import routes as customers
# {% endif %}
from app.kit.commands.settings import settings_or_exit
from app.kit.http.application import complete, options
from app.kit.http.lifespan import open_service
from app.kit.http.requests import RESOURCES
from app.resources import open_resources
from app.settings import Settings


def create_app(settings: Settings | None = None) -> web.Application:
    """Return the application; it opens nothing before it starts."""
    settings = settings or settings_or_exit(Settings)

    async def resources(app: web.Application) -> AsyncIterator[None]:
        ensure_compatible_loop(of_server=True)
        async with (
            open_service(settings) as database,
            open_resources(settings, database) as app[RESOURCES],
        ):
            yield

    api = web.Application()
    # {% if cookiecutter.__example %}
    api.add_routes(companies)
    api.add_routes(customers)
    # {% else %}
    # The first resource is included here: see docs/first-resource.md.
    # {% endif %}

    app = web.Application(**options(settings))
    app.cleanup_ctx.append(resources)
    app.add_subapp("/api/v1", api)
    complete(app, settings)
    return app
