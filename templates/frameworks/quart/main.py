"""The application."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import ensure_compatible_loop

from collections.abc import AsyncGenerator

from quart import Quart

# {% if cookiecutter.__example %}
from app.companies.routes import blueprint as companies
from app.customers.routes import blueprint as customers
# {% endif %}
from app.kit.commands.settings import settings_or_exit
from app.kit.http.application import complete
from app.kit.http.lifespan import open_service
from app.resources import open_resources
from app.settings import Settings

TITLE = "{{ cookiecutter.project_slug | replace('_', ' ') | title }}"


def create_app(settings: Settings | None = None) -> Quart:
    """Return the application; it opens nothing before it serves."""
    settings = settings or settings_or_exit(Settings)
    app = Quart(__name__, static_folder=None)

    @app.while_serving
    async def lifespan() -> AsyncGenerator[None]:
        ensure_compatible_loop(of_server=True)
        async with (
            open_service(settings) as database,
            open_resources(settings, database) as app.extensions["resources"],
        ):
            yield

    complete(app, settings, title=TITLE)
    # {% if cookiecutter.__example %}
    app.register_blueprint(companies, url_prefix="/api/v1/companies")
    app.register_blueprint(customers, url_prefix="/api/v1")
    # {% else %}
    # The first resource is included here: see docs/first-resource.md.
    # {% endif %}
    return app


app = create_app()
