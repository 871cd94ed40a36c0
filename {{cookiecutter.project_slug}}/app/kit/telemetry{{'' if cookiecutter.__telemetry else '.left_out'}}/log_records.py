"""Trace and span in records of the log, so that a line leads to its trace."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import format_span_id, format_trace_id, get_current_span


@contextmanager
def with_trace_ids() -> Iterator[None]:
    """Give `trace_id` and `span_id` to each record that is made in a span while the block runs."""
    make = logging.getLogRecordFactory()

    def make_with_ids(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = make(*arguments, **options)
        context = get_current_span().get_span_context()
        if context.is_valid:
            record.trace_id = format_trace_id(context.trace_id)
            record.span_id = format_span_id(context.span_id)
        return record

    logging.setLogRecordFactory(make_with_ids)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
