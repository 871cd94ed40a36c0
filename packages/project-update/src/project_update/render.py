"""Renders of a template: a program, so that nothing of one version is left for the next.

It also keeps what hooks print: their refusals are wanted, but neither their advice to those who
have just created a project nor cookiecutter's traceback.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .refusal import Refusal

Context = dict[str, Any]

_NOT_FOR_US = "No project was made."
"""How the hook goes on behind its sentences, before the traceback of cookiecutter and cruft."""


@dataclass(frozen=True)
class Render:
    """What to render, and where."""

    template: str
    """The folder with cookiecutter.json."""
    answers: Mapping[str, str]
    output: str
    """A folder that is made for it."""
    must_be: bool = True
    """Whether it is an error if it can't be made, such as for answers that are refused."""

    @property
    def is_made(self) -> bool:
        """Whether it was made."""
        return (Path(self.output) / "context.json").is_file()

    @property
    def project(self) -> Path:
        """The folder of the rendered project."""
        [project] = (path for path in Path(self.output).iterdir() if path.is_dir())
        return project

    @property
    def context(self) -> Context:
        """All answers and private variables, as cruft records them."""
        text = (Path(self.output) / "context.json").read_text(encoding="utf-8")
        context: Context = json.loads(text)
        return context


def render(renders: Iterable[Render]) -> None:
    """Make `renders`; raises Refusal with the sentences of the template's hook."""
    jobs = json.dumps([asdict(job) for job in renders])
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", __spec__.name],
        input=jobs,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    if done.returncode:
        said = [it for it in done.stderr.splitlines() if it and not it.startswith(_NOT_FOR_US)]
        raise Refusal("\n".join(said) or "The template can't be rendered.")


def main() -> int:
    """Make the renders that standard input lists; print why one can't be made."""
    # Takes half a second to import, and only here.
    from cookiecutter.exceptions import CookiecutterException, FailedHookException  # noqa: PLC0415

    for job in json.load(sys.stdin):
        output = Path(job["output"])
        output.mkdir(parents=True)
        # Hooks are left behind where temporary files are.
        tempfile.tempdir = str(output.parent)
        try:
            _make(Render(**job), output)
        except (CookiecutterException, ValueError) as error:
            if not job["must_be"]:
                continue
            if not isinstance(error, FailedHookException):  # It has said why.
                print(f"The template can't be rendered: {error}", file=sys.stderr)
            return 1
    return 0


def _make(job: Render, output: Path) -> None:
    import logging  # noqa: PLC0415

    from cookiecutter.generate import generate_context, generate_files  # noqa: PLC0415
    from cookiecutter.prompt import prompt_for_config  # noqa: PLC0415

    logging.disable()
    # No configuration of the user's: a project is the same for all who update it.
    context = generate_context(
        context_file=str(Path(job.template) / "cookiecutter.json"), extra_context=dict(job.answers)
    )
    context["cookiecutter"] = prompt_for_config(context, no_input=True)
    generate_files(repo_dir=job.template, context=context, output_dir=str(output))
    (output / "context.json").write_text(json.dumps(context), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
