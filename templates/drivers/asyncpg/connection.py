"""asyncpg's connection, to the right one of several servers."""

from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi

from app.kit.db.recovery import WrongServerError

LOST = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)


async def connect(
    *,
    host: str | list[str | None] | None = None,
    port: int | list[int | None] | None = None,
    target_session_attrs: str | None = None,
    **arguments: Any,
) -> Any:
    """Return a connection to the first server that has the role which is asked for.

    Each has the `timeout` for itself, as with libpq: asyncpg alone would spend it on the first
    one that says nothing. Raises what the last one failed with; what the operating system
    reports, as an OperationalError of the driver: asyncpg leaves it as it is.
    """
    hosts = host if isinstance(host, list) else [host]
    ports = port if isinstance(port, list) else [port]
    role = target_session_attrs
    failure: Exception = WrongServerError("There are no servers.")
    # The preferred role first, then the acceptable one.
    for wanted in ["standby", "any"] if role == "prefer-standby" else [role]:
        for place in zip(hosts, ports, strict=True):
            try:
                return await asyncpg.connect(
                    **arguments, host=place[0], port=place[1], target_session_attrs=wanted
                )
            except LOST as error:
                failure = error
            except asyncpg.TargetServerAttributeNotMatched as error:
                failure = WrongServerError(str(error))
    if isinstance(failure, OSError):
        wrapped = AsyncAdapt_asyncpg_dbapi.OperationalError(str(failure), failure)  # type: ignore[no-untyped-call]
        raise wrapped from failure
    raise failure
