"""Trace and span in records of the log, so that a line leads to its trace."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span


@contextmanager
def with_trace_ids() -> Iterator[None]:
    """Give `trace_id` and `span_id` to each record of a span that is logged while the block runs.

    By a filter of the handlers: with a record factory, `extra={"trace_id": ...}` of an owner would
    raise KeyError.
    """
    handlers = [*logging.root.handlers]
    for handler in handlers:
        handler.addFilter(add_trace_ids)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(add_trace_ids)


def add_trace_ids(record: logging.LogRecord) -> bool:
    """Add them to a record, unless the line itself says them: a filter, for handlers."""
    context = get_current_span().get_span_context()
    if context.is_valid:
        vars(record).setdefault("trace_id", format_trace_id(context.trace_id))
        vars(record).setdefault("span_id", format_span_id(context.span_id))
    return True
