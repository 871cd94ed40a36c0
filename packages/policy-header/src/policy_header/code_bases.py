"""What a code base as a whole tells: where it begins, and whether the loop matters to it."""

from functools import cache
from pathlib import Path

from .database_modules import ASYNCHRONOUS, FOR_BOTH, USED_BY_COROUTINES
from .files import python_files
from .modules import ROOT_MARKS, loaded_by, roots
from .source import LOOPS, Source, imported_modules


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
    if not source.in_place or USED_BY_COROUTINES.search(source.text.encode()):
        return True
    if source.base and _reaches_a_database(source.base):
        return True
    modules = [module for node in source.imports for module in imported_modules(node)]
    own = {it.partition(".")[0] for it in modules}
    if own & FOR_BOTH and own & LOOPS:
        return True
    # Of a code base, all files have just been looked at.
    return not source.base and bool(loaded_by(source.place, modules) & ASYNCHRONOUS)


@cache
def _reaches_a_database(base: Path) -> bool:
    for path in python_files([base], lambda _: None):
        try:
            data = path.read_bytes()
        except OSError:
            continue
        if USED_BY_COROUTINES.search(data):
            return True
    return False
