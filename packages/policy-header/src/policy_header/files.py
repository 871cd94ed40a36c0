"""Which files are checked."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

SUFFIXES = {".py", ".pyw"}
NO_PROGRAMS = {".ipynb", ".pyi"}
NO_PATH = "there is no such file or folder, and it is no URL of a git repository"
SKIPPED = {"__pycache__", "build", "dist", "node_modules", "site-packages"}


def python_files(paths: list[Path], report: Callable[[OSError], object]) -> dict[Path, Path | None]:
    """Return the files to check in `paths`, each once, in order, with the folder that was named.

    A file that is named is taken whatever its suffix, unless it is a notebook or a stub.
    Folders are searched for `*.py` and `*.pyw`, but for hidden ones, virtual environments
    and what was built. Symbolic links to folders are not followed.

    `report` is told of each path that is not there or can't be read.
    """
    found: dict[Path, tuple[Path, Path | None]] = {}
    for path in paths:
        files: Iterable[Path] = []
        if path.is_dir():
            files = _files_below(path, report)
        elif not path.is_file():
            report(FileNotFoundError(2, NO_PATH, str(path)))
        elif path.suffix not in NO_PROGRAMS:
            files = [path]
        for file in files:
            found.setdefault(file.resolve(), (file, path if path.is_dir() else None))
    return dict(sorted(found.values(), key=lambda it: it[0]))


def _files_below(folder: Path, report: Callable[[OSError], object]) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=report):
        folders[:] = [name for name in folders if not _is_skipped(Path(place, name))]
        files = (Path(place, name) for name in names)
        yield from (file for file in files if file.suffix in SUFFIXES and file.is_file())


def _is_skipped(folder: Path) -> bool:
    name = folder.name
    return name in SKIPPED or name.startswith(".") or (folder / "pyvenv.cfg").exists()
