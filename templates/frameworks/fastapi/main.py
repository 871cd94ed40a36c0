"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

# {% if cookiecutter.__example %}
from app.companies.routes import router as companies
from app.customers.routes import router as customers
# {% endif %}
from app.kit.commands.settings import settings_or_exit
from app.kit.http.application import complete
from app.kit.http.lifespan import open_service
from app.resources import open_resources
from app.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application; it opens nothing before its lifespan starts."""
    settings = settings or settings_or_exit(Settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ensure_compatible_loop(of_server=True)
        async with (
            open_service(settings) as database,
            open_resources(settings, database) as app.state.resources,
        ):
            yield

    # {% if cookiecutter.__telemetry %}
    app = FastAPI(
        title="{{ cookiecutter.project_slug | replace('_', ' ') | title }}",
        lifespan=lifespan,
        # Its own spans would be a second one of each request, with its query.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    # {% else %}
    app = FastAPI(title="{{ cookiecutter.project_slug | replace('_', ' ') | title }}", lifespan=lifespan)
    # {% endif %}
    complete(app, settings)
    # {% if cookiecutter.__example %}
    app.include_router(companies, prefix="/api/v1")
    app.include_router(customers, prefix="/api/v1")
    # {% else %}
    # The first resource is included here: see docs/first-resource.md.
    # {% endif %}
    return app


app = create_app()
