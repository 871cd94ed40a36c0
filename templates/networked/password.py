"""The password of each new connection: it may have changed since the last one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from app.kit.db.settings import DatabaseSettings


def renew_password(engine: Engine, settings: DatabaseSettings) -> None:
    """Ask `settings` for the password whenever `engine` is about to open a connection."""

    @event.listens_for(engine, "do_connect")
    def set_password(
        _dialect: Dialect,
        _entry: ConnectionPoolEntry,
        _arguments: Sequence[Any],
        parameters: dict[str, Any],
    ) -> None:
        try:
            password = settings.new_password()
        except OSError as error:
            raise OperationalError("read the password", None, error) from error
        if password is not None:
            # {% if cookiecutter.__database == "mysql" %}
            # As bytes: the drivers would encode text as Latin-1, where the server expects UTF-8.
            parameters["password"] = password.encode()
            # {% else %}
            parameters["password"] = password
            # {% endif %}
