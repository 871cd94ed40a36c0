"""The template's answers, and renders of it made in this process."""

from __future__ import annotations

import json
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cookiecutter.main import cookiecutter
from jinja2 import Environment

TEMPLATE = Path(__file__).resolve().parents[2]
PROJECT = next(TEMPLATE.glob("[{][{]*")).name
"""The folder that becomes a project."""
ANSWERS: dict[str, Any] = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))


def choices(name: str) -> list[str]:
    """Return the possible answers to a question that has a list of them."""
    options = ANSWERS[name]
    if not isinstance(options, list):
        raise TypeError(f"{name} is not a choice")
    return [str(option) for option in options]


def bake(output: Path, **answers: str) -> Path:
    """Render a project into `output`, hook included, and return the project's directory.

    Answers not given are the defaults; the user's own configuration is not read.
    """
    if unknown := answers.keys() - ANSWERS.keys():
        # Cookiecutter would ignore them, and the test would prove nothing.
        raise ValueError(f"no such answer: {', '.join(sorted(unknown))}")
    return render(TEMPLATE, output, answers)


def render(
    template: Path, output: Path, answers: dict[str, str], *, overwrite_if_exists: bool = False
) -> Path:
    """Render a `template` into `output`, and return the directory that it made."""
    # Cookiecutter leaves each rendered hook in the temporary directory, and the answers in
    # the user's home.
    with (
        tempfile.TemporaryDirectory() as scratch,
        patch.object(tempfile, "tempdir", scratch),
        patch.dict("cookiecutter.config.DEFAULT_CONFIG", replay_dir=scratch),
        compiling_once(),
    ):
        return Path(
            cookiecutter(
                str(template),
                no_input=True,
                default_config=True,
                extra_context=answers,
                output_dir=str(output),
                overwrite_if_exists=overwrite_if_exists,
            )
        )


def compiling_once() -> AbstractContextManager[object]:
    """Let Jinja compile each source once in this process: that is two thirds of a render."""
    return patch.object(Environment, "compile", _compile_once)


def _compile_once(environment: Environment, *source: Any) -> Any:
    """Return what `Environment.compile` does."""
    # Jinja has one lexer for all environments with the same syntax.
    key = (*source, environment.lexer, *sorted(environment.extensions))
    if key not in _COMPILED:
        _COMPILED[key] = _COMPILE(environment, *source)
    return _COMPILED[key]


_COMPILE = Environment.compile
_COMPILED: dict[tuple[object, ...], Any] = {}


def server_of(framework: str, server: str | None = None) -> str:
    """Return which server a framework runs on, if `server` is chosen; "none" without one."""
    own: str = ANSWERS["_frameworks"][framework]["server"]
    return own.replace("asgi", server or choices("server")[0])


WEB_FRAMEWORKS = [name for name in choices("framework") if server_of(name) != "none"]
