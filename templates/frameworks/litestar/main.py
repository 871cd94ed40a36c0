"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from litestar import Litestar, Router

# {% if cookiecutter.__example %}
from app.companies.routes import router as companies
from app.customers.routes import router as customers
# {% endif %}
from app.kit.commands.settings import settings_or_exit
from app.kit.http import health
from app.kit.http.application import complete, options
from app.kit.http.lifespan import open_service
from app.resources import open_resources
from app.settings import Settings

TITLE = "{{ cookiecutter.project_slug | replace('_', ' ') | title }}"


def create_app(settings: Settings | None = None) -> Litestar:
    """Return the application; it opens nothing before its lifespan starts."""
    settings = settings or settings_or_exit(Settings)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        ensure_compatible_loop(of_server=True)
        async with (
            open_service(settings) as database,
            open_resources(settings, database) as app.state.resources,
        ):
            yield

    routers: list[Router] = [
        # {% if cookiecutter.__example %}
        companies,
        customers,
        # {% else %}
        # The first resource is included here: see docs/first-resource.md.
        # {% endif %}
    ]
    app = Litestar(
        route_handlers=[*health.HANDLERS, Router("/api/v1", route_handlers=routers)],
        lifespan=[lifespan],
        **options(settings, title=TITLE),
    )
    complete(app, settings)
    return app


app = create_app()
