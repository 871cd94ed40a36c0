"""Removes the files and directories that the answers leave out.

A file of this one line (`templates/left_out.py`) is one for which the answers have no source. A
directory that is to be left out gets a name with this ending. Nothing else is touched: an empty
file may be an owner's.
"""

import os
import shutil
from pathlib import Path

FILE = b"# Left out by the answers: hooks/post_gen_project.py removes a file of this line only.\n"
DIRECTORY = ".left_out"
LARGE = {".git", ".venv"}  # if a project is rendered where it is

for place, directories, files in os.walk("."):
    for name in [*directories]:
        if name.endswith(DIRECTORY):
            shutil.rmtree(Path(place, name))
        if name.endswith(DIRECTORY) or name in LARGE:
            directories.remove(name)
    for path in (Path(place, name) for name in files):
        if path.stat().st_size == len(FILE) and path.read_bytes() == FILE:
            path.unlink()
