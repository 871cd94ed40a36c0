"""`python -m app doctor`: the settings, the database, and what is wrong with them."""

import asyncio
import sys

from sqlalchemy import text

from app import event_loop
from app.kit import TEMPLATE_VERSION
# {% if cookiecutter.__postgresql %}
from app.kit.commands import preflight
# {% endif %}
# {% if cookiecutter.__networked and cookiecutter.__start %}
from app.kit.commands.capacity import sum_of_connections
# {% endif %}
from app.kit.commands.preflight import diagnosed_engine, ensure_migrated, reading, revisions
from app.kit.db.diagnosis import SERVER, VERSION_QUERY
from app.kit.db.revisions import migration_state
from app.kit.settings import ServiceSettings


def doctor(settings: ServiceSettings) -> None:
    """Print all this; raises CommandError for what is wrong."""
    print(event_loop.run(_examine(settings)))


async def _examine(settings: ServiceSettings) -> str:
    for name, value in settings:
        _line(name.upper(), value)
    _line("Database", settings.sqlalchemy_url)
    # {% if cookiecutter.__networked %}
    if settings.replica:
        _line("Replica", settings.replica.sqlalchemy_url)
    # {% endif %}
    _line("Template", TEMPLATE_VERSION)
    _line("Python", f"{sys.version.split()[0]} on {sys.platform}")
    _line("Event loop", event_loop.loop_name(type(asyncio.get_running_loop())))
    # {% if cookiecutter.__telemetry %}
    # Here, since no other command needs what it loads.
    from app.kit.telemetry.check import LOST, destinations  # noqa: PLC0415

    telemetry = destinations(settings)
    for name, where in telemetry.items():
        _line(name, where)
    # {% endif %}
    async with diagnosed_engine(settings) as engine, reading(engine) as connection:
        _line(SERVER, await connection.scalar(text(VERSION_QUERY)))
        # {% if cookiecutter.__networked and cookiecutter.__start %}
        connections, warnings = await sum_of_connections(connection, settings)
        _line("Connections", connections)
        # {% endif %}
        # {% if cookiecutter.__postgresql %}
        await preflight.ensure_encoding(connection)
        # {% endif %}
        state = await migration_state(connection)
    _line("Revision", f"{revisions(state.current)} (the code: {revisions(state.wanted)})")
    ensure_migrated(state, strict=True)
    # {% if cookiecutter.__networked %}
    if settings.replica:
        async with diagnosed_engine(settings.replica) as engine, reading(engine) as connection:
            _line(f"{SERVER} (replica)", await connection.scalar(text(VERSION_QUERY)))
            # {% if cookiecutter.__start %}
            connections, more = await sum_of_connections(connection, settings.replica)
            _line("Connections (replica)", connections)
            warnings += more
            # {% endif %}
    # {% endif %}
    # {% if cookiecutter.__telemetry %}
    for name, where in telemetry.items():
        if LOST in where:
            return f"Warning: {name.lower()} get lost, since {where}."
    # {% endif %}
    # {% if cookiecutter.__networked and cookiecutter.__start %}
    return "\n".join(warnings) or "All is well."
    # {% else %}
    return "All is well."
    # {% endif %}


def _line(name: str, value: object) -> None:
    print(f"{name:<28} {value}")
