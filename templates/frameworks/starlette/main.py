"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

# {% if cookiecutter.__example %}
from app.companies.routes import routes as companies
from app.customers.routes import routes as customers
# {% endif %}
from app.kit.commands.settings import settings_or_exit
from app.kit.http.application import complete
from app.kit.http.lifespan import open_service
from app.resources import open_resources
from app.settings import Settings


def create_app(settings: Settings | None = None) -> Starlette:
    """Return the application; it opens nothing before its lifespan starts."""
    settings = settings or settings_or_exit(Settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ensure_compatible_loop(of_server=True)
        async with (
            open_service(settings) as database,
            open_resources(settings, database) as app.state.resources,
        ):
            yield

    app = Starlette(
        routes=[
            # {% if cookiecutter.__example %}
            *companies,
            *customers,
            # {% else %}
            # The first resource is included here: see docs/first-resource.md.
            # {% endif %}
        ],
        lifespan=lifespan,
    )
    complete(app, settings)
    return app


app = create_app()
