"""SQL spans: OpenTelemetry's stable conventions for databases, without values.

Made by listeners of our own: the instrumentation of OpenTelemetry refuses SQLAlchemy 2.1, and
those of drivers know nothing of what SQLAlchemy adds.
"""

import re
from functools import lru_cache
from typing import Any

from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span, get_tracer
from sqlalchemy import Connection, Engine, ExecutionContext, event
from sqlalchemy.engine import ExceptionContext

from app.kit.db.error_codes import code_of
from app.kit.db.error_reports import one_line, without_literals

_SPAN = "telemetry_span"
_NUMBER = re.compile(r"(?<![\w$:%.\"`])\d+(?:\.\d+)?(?![\w\"`])")
_OPERATION = re.compile(r"[\s(]*(\w+)")
_TARGET = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+([\w.\"`]+)", re.IGNORECASE)

_tracer = get_tracer(__name__)


def trace_statements(engine: Engine) -> None:
    """Make a span for each statement of `engine` that is part of a request or a job.

    Not for others, such as a look at an empty queue: each would be a trace of its own.
    """
    shared = attributes_of(engine)

    def begin(  # the signature is SQLAlchemy's
        connection: Connection,
        _cursor: Any,
        statement: str,
        values: Any,
        execution: ExecutionContext | None,
        many: bool,  # noqa: FBT001
    ) -> None:
        if execution is None or not get_current_span().is_recording():
            return
        text, operation, summary = _parts(statement)
        attributes = {
            **shared,
            "db.system.name": _system(connection),
            "db.query.text": text,
            "db.operation.name": operation,
            "db.query.summary": summary,
        }
        if many and len(values) > 1:
            attributes["db.operation.name"] = f"BATCH {operation}"
            attributes["db.operation.batch.size"] = len(values)
        span = _tracer.start_span(summary, kind=SpanKind.CLIENT, attributes=attributes)
        setattr(execution, _SPAN, span)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)


def attributes_of(engine: Engine) -> dict[str, Any]:
    """Return what the spans of an engine have in common: server and database."""
    url = engine.url
    named = {"db.namespace": url.database, "server.address": url.host, "server.port": url.port}
    return {name: value for name, value in named.items() if value}


@lru_cache(maxsize=500)
def _parts(statement: str) -> tuple[str, str, str]:
    """Return a statement without values, its operation, and a summary of few different values."""
    text = one_line(_NUMBER.sub("?", without_literals(statement)))
    found = _OPERATION.match(text)
    operation = found[1].upper() if found else "SQL"
    target = _TARGET.search(text)
    return text, operation, f"{operation} {target[1]}" if target else operation


def _system(connection: Connection) -> str:
    dialect = connection.dialect
    return "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name


def _end(*arguments: Any) -> None:
    execution = arguments[4]
    if span := vars(execution).pop(_SPAN, None):
        span.end()


def _fail(failure: ExceptionContext) -> None:
    execution = failure.execution_context
    if execution is None or not (span := vars(execution).pop(_SPAN, None)):
        return
    error = failure.original_exception
    # Never its message, which may quote values.
    code = code_of(error)
    if code is not None:
        span.set_attribute("db.response.status_code", str(code))
    span.set_attribute("error.type", str(code) if code is not None else type(error).__qualname__)
    span.set_status(Status(StatusCode.ERROR))
    span.end()
