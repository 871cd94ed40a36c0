"""Removes the directories that the answers leave out.

Cookiecutter can leave out a file, whose name may be empty, but not a directory: so one that is to
be left out gets a name with this ending. No other file is touched.
"""

import shutil
from pathlib import Path

LEFT_OUT = ".left_out"

for directory in sorted(Path().rglob(f"*{LEFT_OUT}")):
    if directory.is_dir():
        shutil.rmtree(directory)
