"""Removes the directories that no answer filled.

Cookiecutter can leave out files, but not directories. No file is changed: a render is the same
without this hook, but for empty directories.
"""

from pathlib import Path

for directory in sorted(Path().rglob("*"), reverse=True):
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
