"""The driver, asyncmy: its arguments, and how it connects."""

from typing import Any

from app.kit.db.liveness import silence_timeout
from app.kit.db.mysql import (
    READ_OPTIONS,
    SERIALIZABLE_OPTIONS,
    SNAPSHOT_OPTIONS,
    common_args,
    configure,
    engine_url,
    is_dead,
)
from app.kit.db.settings import DatabaseSettings

__all__ = [
    "READ_OPTIONS",
    "SERIALIZABLE_OPTIONS",
    "SNAPSHOT_OPTIONS",
    "configure",
    "connect_args",
    "engine_url",
    "is_dead",
]


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return the arguments for the connection."""
    return {
        **common_args(settings),
        "async_creator_fn": _connect,
        "connect_timeout": settings.db_connect_timeout,
        "read_timeout": silence_timeout(settings),
    }


async def _connect(*, password: str | bytes = "", **arguments: Any) -> Any:
    # Not at the top: the driver is loaded by the first connection, after the event loop.
    from app.kit.db.connection import connect  # noqa: PLC0415

    if isinstance(password, str):
        # It would encode text as Latin-1, where the server expects UTF-8.
        password = password.encode()
    return await connect(password=password, **arguments)
