"""Frames of the project's own code, which tell who asked the database for something."""

import sys
import sysconfig
from pathlib import Path
from types import CodeType, FrameType

from greenlet import getcurrent  # type: ignore[import-untyped]

DB = str(Path(__file__).parent)
APP = str(Path(__file__).parents[2])
LIBRARIES = tuple(map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")))

Call = tuple[CodeType, int]
"""Code and the line in it, not a frame, which would keep its variables alive."""


def is_ours(code: CodeType) -> bool:
    """Return whether it is the project's own."""
    file = file_of(code)
    # Code that Cython compiled has no absolute path.
    return file.startswith(APP) or not (file.startswith(LIBRARIES) or "<" in file or ".pyx" in file)


def file_of(code: CodeType) -> str:
    return str(Path(code.co_filename).absolute())


def calls() -> list[Call]:
    """Return what is being called, the outermost call first."""
    # SQLAlchemy runs in a greenlet; the coroutines that wait for it are in the parent greenlet.
    found = []
    here = getcurrent()
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  cheaper than `inspect.stack`
    while here is not None:
        while frame is not None:
            found.append((frame.f_code, frame.f_lineno))
            frame = frame.f_back
        here = here.parent
        frame = None if here is None else here.gr_frame
    return found[::-1]


def asking_line() -> str:
    """Return FILE:LINE of the innermost call that is the project's own, but not of this package."""
    ours = [f"{file_of(code)}:{line}" for code, line in calls() if is_ours(code)]
    outside = [place for place in ours if not place.startswith(DB)]
    return (outside or ours or ["?"])[-1].removeprefix(str(Path(APP).parent)).lstrip("/\\")
