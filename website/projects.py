"""The projects that the site shows: rendered by the template, each different file stored once."""

from __future__ import annotations

import hashlib
import itertools
import json
import tempfile
from pathlib import Path
from unittest.mock import patch

from cookiecutter.main import cookiecutter
from markdown import markdown
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

from website.pages import TEMPLATE

SHOWN = ["driver", "framework", "jobs"]
"""The answers that a reader chooses; the others are the defaults."""
EXTENSIONS = ["tables", "toc", "pymdownx.superfences", "pymdownx.highlight"]


def answers() -> dict[str, dict[str, str]]:
    """Return what may be chosen for each of the answers shown, with its label."""
    asked = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    prompts = asked["__prompts__"]
    return {name: {it: prompts[name][it] for it in asked[name]} for name in SHOWN}


def combinations() -> list[dict[str, str]]:
    """Return all combinations of the answers shown, the default first."""
    return [
        dict(zip(SHOWN, chosen, strict=True)) for chosen in itertools.product(*answers().values())
    ]


def render(output: Path, chosen: dict[str, str]) -> Path:
    """Render a project into `output` and return its directory; read no configuration."""
    # Cookiecutter keeps the last answers in the user's home, and leaves rendered hooks behind.
    with (
        tempfile.TemporaryDirectory() as scratch,
        patch.object(tempfile, "tempdir", scratch),
        patch.dict("cookiecutter.config.DEFAULT_CONFIG", replay_dir=scratch),
    ):
        made = cookiecutter(
            str(TEMPLATE),
            no_input=True,
            default_config=True,
            extra_context=chosen,
            output_dir=str(output),
        )
    return Path(made)


def files_of(chosen: dict[str, str]) -> dict[str, str]:
    """Return the texts of a project by their paths."""
    with tempfile.TemporaryDirectory() as scratch:
        project = render(Path(scratch), chosen)
        return {
            path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(project.rglob("*"))
            if path.is_file()
        }


def write_projects(shown: list[dict[str, str]], output: Path) -> None:
    """Write the projects' trees, and each different file as HTML, as scripts.

    A page that is opened as a file may load a script, but no JSON.
    """
    output.mkdir(parents=True)
    trees: dict[str, dict[str, str]] = {}
    written: set[str] = set()
    for chosen in shown:
        tree: dict[str, str] = {}
        for path, text in files_of(chosen).items():
            # The same text is shown in another way under another kind of name.
            key = hashlib.sha256(f"{Path(path).suffix}\0{text}".encode()).hexdigest()[:16]
            tree[path] = key
            if key not in written:
                written.add(key)
                script = f"projectFile({json.dumps(key)}, {json.dumps(as_html(path, text))});\n"
                (output / f"{key}.js").write_text(script, encoding="utf-8")
        trees[" ".join(chosen.values())] = tree
    (output / "trees.js").write_text(f"projectTrees({packed(trees)});\n", encoding="utf-8")


def packed(trees: dict[str, dict[str, str]]) -> str:
    """Return the trees as JSON: paths and keys once, and pairs of their numbers."""
    paths = sorted({path for tree in trees.values() for path in tree})
    keys = sorted({key for tree in trees.values() for key in tree.values()})
    number = {name: at for names in (paths, keys) for at, name in enumerate(names)}
    pairs = {
        name: [number[it] for pair in tree.items() for it in pair] for name, tree in trees.items()
    }
    data = {"answers": answers(), "paths": paths, "keys": keys, "trees": pairs}
    return json.dumps(data, separators=(",", ":"))


def as_html(path: str, text: str) -> str:
    """Return a file as HTML: a document as one, and anything else highlighted."""
    if path.endswith(".md"):
        return f'<div class="project-document">{markdown(text, extensions=EXTENSIONS)}</div>'
    try:
        lexer = get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        lexer = TextLexer(stripnl=False, ensurenl=False)
    code = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return f'<div class="highlight"><pre><code>{code}</code></pre></div>'
