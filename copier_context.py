"""Questions, refusals and context for copier, which renders the sources of cookiecutter.

All of it is read from `cookiecutter.json` and from the hook. `copier update` renders the old
version and the new one in one process, and loads this file anew for each.
"""

from __future__ import annotations

import importlib.util
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from copier_template_extensions import ContextHook
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parent
FACTS: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
QUESTIONS = [name for name in FACTS if not name.startswith("_")]
LEFT_OUT = "left_out.py"


def load_hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "pre_gen_project", ROOT / "hooks" / "pre_gen_project.py"
    )
    if not spec or not spec.loader:
        raise ImportError("hooks/pre_gen_project.py can't be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HOOK = load_hook()


class Cookiecutter(ContextHook):
    """Gives sources the variable `cookiecutter` and what they include, and `copier.yml` `ask`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        if isinstance(environment.loader, FileSystemLoader):
            environment.loader.searchpath.append(str(ROOT / "templates"))
        environment.globals["ask"] = Ask(environment)

    def hook(self, context: dict[str, Any]) -> None:
        """Add `cookiecutter` to the context, as soon as all questions are answered."""
        if context.keys() >= {*QUESTIONS}:
            context["cookiecutter"] = complete(*((name, context[name]) for name in QUESTIONS))


class Ask:
    """What `copier.yml` asks: questions in words, their answers, and what is left out."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def help(self, name: str) -> str:
        """Return a question in words."""
        prompt = FACTS["__prompts__"][name]
        return str(prompt["__prompt__"] if isinstance(prompt, dict) else prompt)

    def choices(self, name: str) -> str:
        """Return the answers to choose from by their labels, as JSON."""
        labels = FACTS["__prompts__"][name]
        return json.dumps({labels[choice]: choice for choice in FACTS[name]})

    def default(self, name: str, **given: str) -> str:
        """Return the answer that is proposed, if others are `given`."""
        return str(complete(*given.items())[name])

    def refusals(self, name: str, **given: str) -> str:
        """Return what is wrong with an answer, in the sentences of the hook, or nothing."""
        return " ".join(refusals(name, FACTS | given))

    def folder(self) -> str:
        """Return the name of the folder that becomes a project."""
        [folder] = ROOT.glob("[{][{]*")
        return folder.name

    def database(self, cookiecutter: Mapping[str, Any]) -> str:
        """Return what a project without a database of its own needs first."""
        needed = cookiecutter["__networked"] and not cookiecutter["__local_database"]
        return ", once README.md (Start) has led to a database" if needed else ""

    def left_out(self, cookiecutter: Mapping[str, Any]) -> str:
        """Return the files for which the answers have no source, one a line, as in .gitignore."""
        line = (ROOT / "templates" / LEFT_OUT).read_text(encoding="utf-8")
        found = []
        for path in (ROOT / self.folder()).rglob("*"):
            if path.is_file() and LEFT_OUT.encode() in path.read_bytes():
                source = self.environment.get_template(path.relative_to(ROOT).as_posix())
                if source.render(cookiecutter=cookiecutter) == line:
                    name = path.relative_to(ROOT / self.folder()).as_posix()
                    found.append(self.environment.from_string(name))
        return "\n".join(f"/{name.render(cookiecutter=cookiecutter)}" for name in found)


def refusals(name: str, answers: Mapping[str, Any]) -> Iterator[str]:
    if name in HOOK.TEXT_LENGTHS:
        yield from HOOK.text_problems(name, answers[name], HOOK.TEXT_LENGTHS[name])
    elif name == "project_slug":
        yield from HOOK.slug_problems(answers[name])
    elif name == "server":
        yield from HOOK.server_problems(answers)
    elif name == "telemetry":
        yield from HOOK.telemetry_problems(answers)
    elif name == "windows_event_loop":
        yield from HOOK.loop_problems(answers)


@cache
def complete(*given: tuple[str, str]) -> dict[str, Any]:
    """Return all values as cookiecutter has them: those given, else the defaults; the derived."""
    environment = Environment(  # noqa: S701  # it makes no HTML
        undefined=StrictUndefined, **FACTS["_jinja2_env_vars"]
    )
    environment.filters["slugify"] = slugify
    values = {name: value for name, value in FACTS.items() if re.match("_(?!_)", name)}
    values |= given
    for name, value in FACTS.items():
        if name not in values and name != "__prompts__":
            default = value[0] if isinstance(value, list) else value
            values[name] = rendered(environment, default, values)
    return values


def rendered(environment: Environment, value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: rendered(environment, part, values) for name, part in value.items()}
    return environment.from_string(value).render(cookiecutter=values)


def slugify(text: str, separator: str = "-", max_length: int = 0) -> str:
    """Return words of a-z and 0-9; of a letter with a mark, what is below the mark."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub("[^a-z0-9]+", separator, plain).strip(separator)
    return words[: max_length or None].strip(separator)
