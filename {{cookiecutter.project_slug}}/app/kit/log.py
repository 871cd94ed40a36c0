"""The log of every process, for people or, as a JSON object a line, for machines (APP_LOG_FORMAT).

For machines, what is printed becomes lines of the log, too: each traceback one of them.
"""

import atexit
import io
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.kit import output
from app.kit.env_file import ENV_FILE, EnvFile

CONSOLE = "%(asctime)s %(about)s%(levelname)s: %(name)s: %(message)s"
FIELDS = {"asctime": "time", "levelname": "level", "name": "logger", "message": "message"}
"""What each object has, under which name; what a line adds comes behind."""

log_fields: ContextVar[Mapping[str, object]] = ContextVar("log_fields", default={})  # noqa: B039  nobody changes it
_handler: logging.Handler | None = None


class LogSettings(BaseSettings):
    """How to log: what each process needs before it reads the other settings."""

    model_config = SettingsConfigDict(
        extra="ignore",
        # A value that is refused may still hold a password.
        hide_input_in_errors=True,
    )

    app_log_format: Literal["console", "json"] = "console"
    app_log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # pydantic gives the sources by name
        cls, settings_cls: type[BaseSettings], **sources: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return tuple((sources | {"dotenv_settings": EnvFile(settings_cls, ENV_FILE)}).values())


@contextmanager
def with_log_fields(**fields: object) -> Iterator[None]:
    """Give these fields to the lines of the block, and of the tasks and threads that it starts."""
    token = log_fields.set({**log_fields.get(), **fields})
    try:
        yield
    finally:
        log_fields.reset(token)


def add_fields(record: logging.LogRecord) -> bool:
    """Add them to a record: a filter, for handlers."""
    fields = log_fields.get()
    words = " ".join(f"{name}={value}" for name, value in fields.items())
    # What the line itself says comes first.
    record.__dict__ = {**fields, **record.__dict__, "about": f"[{words}] " if words else ""}
    return True


@asynccontextmanager
async def open_log(settings: LogSettings) -> AsyncIterator[None]:
    """Configure the log, unless its owner did; while the block runs, writing to it never waits."""
    open_output(settings)
    if _handler in logging.root.handlers:
        logging.root.setLevel(settings.app_log_level.upper())
    try:
        yield
    finally:
        output.catch_up()


def open_output(settings: LogSettings | None = None) -> None:
    """Configure the log of a process that serves or works, and so must not wait for a reader."""
    configure_log(settings, prints=True)
    output.never_wait()


def configure_log(settings: LogSettings | None = None, *, prints: bool = False) -> None:
    """Write the log as the settings say, which are read if none are given, unless its owner did.

    With `prints`, what this process prints is no result of a command, but belongs to the log.
    """
    global _handler  # noqa: PLW0603  as the loggers are
    output.escape_unprintable()
    if not logging.root.handlers:
        _handler = logging.StreamHandler()
        _handler.addFilter(add_fields)
        logging.root.addHandler(_handler)
    if _handler not in logging.root.handlers:
        return
    try:
        is_json = (settings or LogSettings()).app_log_format == "json"
    except ValueError:  # of pydantic and pydantic-settings
        # For people, whom the command tells what is wrong.
        is_json = False
    formatter = _json() if is_json else logging.Formatter(CONSOLE, defaults={"about": ""})
    formatter.converter = time.gmtime
    formatter.default_time_format, formatter.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
    # For people, Alembic prints the same.
    logging.getLogger("alembic.util.messaging").disabled = not is_json
    output.formatter = formatter
    _handler.setFormatter(formatter)
    if is_json:
        _log_the_rest(prints=prints)


def _json() -> logging.Formatter:
    # Here, because few need it while they develop.
    from pythonjsonlogger.core import RESERVED_ATTRS  # noqa: PLC0415
    from pythonjsonlogger.json import JsonFormatter  # noqa: PLC0415

    names = FIELDS | {"exc_info": "traceback", "stack_info": "stack"}
    reserved = [*RESERVED_ATTRS, "about", "color_message"]  # the second is uvicorn's
    return JsonFormatter([*FIELDS], rename_fields=names, reserved_attrs=reserved)


def _log_the_rest(*, prints: bool) -> None:
    for name, level in (("stderr", logging.ERROR), ("stdout", logging.INFO)):
        stream = getattr(sys, name)
        if not isinstance(stream, Printed) and (prints or name == "stderr"):
            setattr(sys, name, Printed(stream, logging.getLogger(name), level))
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda *error: logging.critical("Unhandled error", exc_info=error)  # noqa: LOG015
    # What logging prints of a failure of its own would fail again.
    logging.raiseExceptions = False


class Printed(io.TextIOBase):
    """Standard output or standard error, whose lines become lines of the log."""

    encoding = "utf-8"

    def __init__(self, stream: Any, logger: logging.Logger, level: int) -> None:
        self.stream, self._logger, self._level = stream, logger, level
        self._rest, self._traceback = "", list[str]()
        # What is printed is shown, whatever APP_LOG_LEVEL is.
        logger.setLevel(level)
        atexit.register(self.write, "\n")

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.startswith("Traceback (") or (self._traceback and line.startswith(" ")):
                self._traceback.append(line)
            elif line.strip():
                self._logger.log(self._level, "%s", "\n".join([*self._traceback, line]))
                self._traceback = []
        return len(text)
