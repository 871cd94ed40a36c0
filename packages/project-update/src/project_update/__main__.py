"""The tool, for `python -m project_update`."""

from .command import run

run()
