"""A hook that formats and checks each new revision (loaded by migrations/script.py.mako)."""

import logging
import subprocess
import sys
from importlib.util import find_spec

from alembic.script import write_hooks
from alembic.util import CommandError

logger = logging.getLogger(__name__)


@write_hooks.register("format_and_check")
def format_and_check(path: str, _options: object) -> None:
    """Fix and format the revision, and print what is left for its author.

    Raises alembic.util.CommandError if the revision can't be run. Alembic's own hooks ignore exit
    codes.
    """
    if find_spec("ruff") is None:
        logger.warning("Ruff is not installed: the revision is neither formatted nor checked.")
        return
    _ruff("check", "--fix-only", path)
    _ruff("format", path)
    findings = _ruff("check", "--output-format=concise", path)
    sys.stdout.write(findings.stdout)
    # Undefined names; Ruff reports a syntax error whatever is selected.
    if _ruff("check", "--isolated", "--select=F82", path).returncode:
        raise CommandError(f"{path} can't be run as it is: correct it, or delete it.")


def _ruff(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", "--quiet", *arguments]
    return subprocess.run(command, capture_output=True, check=False, encoding="utf-8")  # noqa: S603
