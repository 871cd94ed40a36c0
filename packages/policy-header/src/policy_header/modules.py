"""Which modules an import loads, as far as the files of the code base tell."""

import ast
import sys
from functools import cache
from pathlib import Path

from .source import UNREADABLE, Import, decode, imported_modules, parse

ROOT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
INSTALLED = {"site-packages", "dist-packages"}


def is_standard(module: str) -> bool:
    """Return whether a module is part of Python."""
    return module.partition(".")[0] in sys.stdlib_module_names


@cache
def roots(folder: Path) -> list[Path]:
    """Return the folders that imports in `folder` may start from, up to the project's own."""
    found = []
    for place in (folder, *folder.parents):
        found += [place, place / "src"]
        if place.name in INSTALLED or any((place / mark).exists() for mark in ROOT_MARKS):
            break
    return found


@cache
def find_module(folder: Path, module: str) -> Path | None:
    """Return the file of an absolute `module` for a file in `folder`, if it is first-party."""
    return next((file for root in roots(folder) if (file := _file_in(root, module))), None)


def _file_in(folder: Path, module: str) -> Path | None:
    place = folder.joinpath(*module.split("."))
    files = (place.with_name(f"{place.name}.py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def loaded_by(path: Path, modules: list[str]) -> set[str]:
    """Return the top-level names of what `modules` load in the end for the file at `path`.

    That is, third-party modules and those of Python; first-party ones are followed.
    """
    loaded, seen, waiting = set(), set(), [(path, module) for module in modules]
    while waiting:
        importer, module = waiting.pop()
        files = first_party_files(importer, module)
        if not files and not module.startswith("."):
            loaded.add(module.partition(".")[0])
        for file in files:
            if file not in seen:
                seen.add(file)
                waiting += [(file, name) for name in _imports_of(file)]
    return loaded


def first_party_files(importer: Path, module: str) -> list[Path]:
    """Return the file of `module` and those of the packages around it."""
    return _first_party_files(importer.parent, module)


@cache
def _first_party_files(folder: Path, module: str) -> list[Path]:
    if is_standard(module):
        return []
    name = module.lstrip(".")
    start = folder
    if level := len(module) - len(name):
        places = [folder, *folder.parents]
        start = places[min(level, len(places)) - 1]
    parts = name.split(".")
    names = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
    found = [_file_in(start, it) if level else find_module(folder, it) for it in names]
    return [file for file in found if file]


@cache
def _imports_of(file: Path) -> list[str]:
    try:
        text, _ = decode(file.read_bytes())
        tree = parse(text)
    except (OSError, *UNREADABLE):
        return []
    imports = (node for node in ast.walk(tree) if isinstance(node, Import))
    return [module for node in imports for module in imported_modules(node)]
