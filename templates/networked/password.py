"""The password of each new connection: from DB_PASS_FILE, or one that expires."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from app.kit.db.settings import DatabaseSettings


def new_password(settings: DatabaseSettings) -> str | None:
    """Return the password for a connection that is about to be opened, or None for the URL's.

    Called for each one, by the async engines and by the synchronous one. If the database takes
    tokens that expire (RDS IAM, Entra ID, Cloud SQL IAM), make one here. Raises OSError if
    DB_PASS_FILE can't be read.
    """
    if settings.db_pass_file and settings.sqlalchemy_url.password is None:
        return settings.db_pass_file.read_text(encoding="utf-8").rstrip("\r\n")
    return None


def renew_password(engine: Engine, settings: DatabaseSettings) -> None:
    """Call `new_password` whenever `engine` opens a connection."""

    @event.listens_for(engine, "do_connect")
    def set_password(
        _dialect: Dialect,
        _entry: ConnectionPoolEntry,
        _arguments: Sequence[Any],
        parameters: dict[str, Any],
    ) -> None:
        try:
            password = new_password(settings)
        except OSError as error:
            raise OperationalError("read the password", None, error) from error
        if password is not None:
            # {% if cookiecutter.__database == "mysql" %}
            # As bytes: the drivers would encode text as Latin-1, where the server expects UTF-8.
            parameters["password"] = password.encode()
            # {% else %}
            parameters["password"] = password
            # {% endif %}
