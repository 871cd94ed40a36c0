"""Fields of records of the log: what all lines about one request, or one job, have in common."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

log_fields: ContextVar[Mapping[str, object]] = ContextVar("log_fields", default={})  # noqa: B039  nobody changes it


@contextmanager
def with_log_fields(**fields: object) -> Iterator[None]:
    """Give these fields to each record of the block, and of the tasks and threads it starts."""
    token = log_fields.set({**log_fields.get(), **fields})
    try:
        yield
    finally:
        log_fields.reset(token)
