"""What a code base as a whole tells: where it begins, and whether the loop matters to it."""

import re
from functools import cache
from pathlib import Path

from .database_modules import DATABASE_MODULES, SYNCHRONOUS
from .files import python_files
from .modules import ROOT_MARKS, loaded_by, roots
from .source import Source, imported_modules

_NAMES = "|".join(sorted(DATABASE_MODULES - SYNCHRONOUS))
DATABASE = re.compile(
    rb"(?m)^[ \t]*(?:import|from)[ \t]+(?:%s)\b|\b(?:postgresql|mysql|mariadb|sqlite|oracle)\+\w+://"
    % _NAMES.encode()
)
COROUTINE = re.compile(rb"(?m)^[ \t]*(?:async def\b|(?:import|from)[ \t]+(?:asyncio|anyio)\b)")


@cache
def root_of(folder: Path) -> Path | None:
    """Return the nearest folder around `folder` that is marked as a project's, if there is one."""
    last = roots(folder)[-2]
    return last if any((last / mark).exists() for mark in ROOT_MARKS) else None


def depends_on_the_loop(source: Source) -> bool:
    """Return whether the header concerns the code base of `source`.

    It does if the code base has a header module, or reaches a database from coroutines: else the
    default loop is right.
    """
    if not source.in_place or (source.base and _reaches_a_database(source.base)):
        return True
    modules = [module for node in source.imports for module in imported_modules(node)]
    return bool(loaded_by(source.path, modules) & (DATABASE_MODULES - SYNCHRONOUS))


@cache
def _reaches_a_database(base: Path) -> bool:
    database = coroutine = False
    for path in python_files([base], lambda _: None):
        try:
            data = path.read_bytes()
        except OSError:
            continue
        database = database or bool(DATABASE.search(data))
        coroutine = coroutine or bool(COROUTINE.search(data))
        if database and coroutine:
            return True
    return False
