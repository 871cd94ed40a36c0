"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

from contextlib import AsyncExitStack

# {% if cookiecutter.__example %}
from app.companies.routes import blueprint as companies
from app.customers.routes import blueprint as customers
# {% endif %}
from app.kit.commands.settings import settings_or_exit
from app.kit.http.application import new_application
from app.kit.http.lifespan import open_service
from app.kit.http.requests import App
from app.resources import open_resources
from app.settings import Settings

NAME = "{{ cookiecutter.project_slug }}"


def create_app(*, settings: Settings | None = None) -> App:
    """Return the application; it opens nothing before it starts.

    By name only, since `sanic app.main:create_app` would give its own arguments here.
    """
    settings = settings or settings_or_exit(Settings)
    stack = AsyncExitStack()

    async def start(app: App) -> None:
        ensure_compatible_loop(of_server=True)
        database = await stack.enter_async_context(open_service(settings))
        app.ctx.resources = await stack.enter_async_context(open_resources(settings, database))

    async def stop(_app: App) -> None:
        await stack.aclose()

    app = new_application(NAME, settings)
    app.before_server_start(start)
    app.after_server_stop(stop)
    # {% if cookiecutter.__example %}
    app.blueprint(companies, version=1, version_prefix="/api/v")
    app.blueprint(customers, version=1, version_prefix="/api/v")
    # {% else %}
    # The first resource is included here: see docs/first-resource.md.
    # {% endif %}
    return app
