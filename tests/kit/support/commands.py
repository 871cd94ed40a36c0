"""The command line, run to its end."""

import asyncio
from subprocess import CompletedProcess

from app.settings import Settings
from tests.kit.processes import run_python
from tests.support.processes import environment


async def run_app(*arguments: str, settings: Settings, **env: str) -> CompletedProcess[str]:
    """Run `python -m app` to its end."""
    return await asyncio.to_thread(
        run_python, "-m", "app", *arguments, env=environment(settings, **env)
    )


def assert_refused(done: CompletedProcess[str], *words: str) -> None:
    """Check that the command failed, and said why in one sentence."""
    assert done.returncode == 1, done.stdout
    sentence = done.stderr.strip()
    assert len(sentence.splitlines()) == 1, sentence
    for word in words:
        assert word in sentence
