"""Commands of the project as processes, run to their end."""

import subprocess
import sys

from tests.support.processes import PATIENCE, PROJECT


def run_python(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python to its end, in the project's directory."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=env,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
