"""The pages: documents as they stand in the repository, with links that lead to pages."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from website.lists import widened

TEMPLATE = Path(__file__).resolve().parent.parent
PROJECT = next(TEMPLATE.glob("[{][{]*")).name
"""The folder that becomes a project; documents link to what it holds."""
DOCUMENTS = {
    "": ["*.md", "docs/**/*.md", "packages/*/README.md", "tests/README.md"],
    "project": ["*.md", "docs/**/*.md"],
}
FENCE = re.compile(r"^( *)(`{3,})[^\n]*\n.*?^\1\2 *$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`[^`\n]+`")
CODE = r"(?P<code>`+[^`]+`+)|"
"""What is in backquotes is no link, but may stand in the text of one."""
TARGET = r"\[(?P<text>(?:`[^`]+`|[^\[\]`]|\[[^\[\]]*\])*)\]\((?P<target><[^>]+>|[^)\s]+)\)"
IMAGE = re.compile(f"{CODE}!{TARGET}")
LINK = re.compile(f"{CODE}(?<!!){TARGET}")
HEADING = re.compile(r"^# (.+)$", re.MULTILINE)
SYSTEM_IS_DARK = re.compile(r"@media \(prefers-color-scheme: dark\) \{\n(.*?)\n\}\n", re.DOTALL)
LANGUAGES = {
    ".py": "python",
    ".json": "json",
    ".toml": "toml",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".xml": "xml",
}


class BrokenLinkError(Exception):
    """A document links to what is not there; the message says which and to what."""


@dataclass(frozen=True)
class Sources:
    """Directories that are one tree, by the first parts of the paths in it."""

    roots: dict[str, Path]

    def file(self, path: str) -> Path:
        """Return what a `path` of the tree stands for."""
        first, _, rest = path.partition("/")
        return self.roots[first] / rest if first and first in self.roots else self.roots[""] / path

    @cached_property
    def documents(self) -> list[str]:
        """The paths of all documents."""
        return sorted(
            posixpath.join(name, path.relative_to(root).as_posix())
            for name, root in self.roots.items()
            for pattern in DOCUMENTS[name]
            for path in root.glob(pattern)
        )


def write_pages(sources: Sources, output: Path) -> dict[str, str]:
    """Write all documents, and what they link to, into `output`; return the documents' titles.

    Raise BrokenLinkError.
    """
    titles: dict[str, str] = {}
    linked: set[str] = set()
    for path in sources.documents:
        text = sources.file(path).read_text(encoding="utf-8")
        heading = HEADING.search(FENCE.sub("", text))
        titles[page_of(path)] = heading[1].replace("`", "") if heading else path
        links = Links(sources, path)
        page = widened(links.rewrite(text))
        if heading and path.startswith("project/"):
            page = page.replace(heading[0], f"{heading[0]}\n\n{of_which_project(path)}", 1)
        write(output / page_of(path), page)
        linked |= links.files
    for path in sorted(linked):
        write_file(sources, path, output, titles)
    own = Path(__file__).with_name("projects.md").read_text(encoding="utf-8")
    write(output / "projects.md", own)
    return titles | {"projects.md": "Look at a project"}


def of_which_project(path: str) -> str:
    """Return what says that a page is one project's, and leads to that of others."""
    up = posixpath.relpath(".", posixpath.dirname(path))
    address = f"{up}/projects.html#file={path.removeprefix('project/')}"
    return f'<p>As it is in the default project. <a href="{address}">Choose another one</a>.</p>'


@dataclass
class Links:
    """The links of the document at `path`; `files` are those that it leads to and that are none."""

    sources: Sources
    path: str

    def __post_init__(self) -> None:
        self.files: set[str] = set()

    def rewrite(self, text: str) -> str:
        """Return the document with links to pages."""
        parts: list[str] = []
        position = 0
        for fence in FENCE.finditer(text):
            parts += [self._prose(text[position : fence.start()]), fence[0]]
            position = fence.end()
        return "".join([*parts, self._prose(text[position:])])

    def _prose(self, text: str) -> str:
        # Images first: they may stand in links.
        return LINK.sub(self._link, IMAGE.sub(self._link, text))

    def _link(self, link: re.Match[str]) -> str:
        if link["code"]:
            return link[0]
        target = unquote(link["target"].strip("<>"))
        if re.match(r"[a-z]+:|#", target):
            return link[0]
        name, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), name))
        path = re.sub(rf"^{re.escape(PROJECT)}(?=/|$)", "project", path)
        file = self.sources.file(path)
        if path.startswith("..") or not file.exists():
            raise BrokenLinkError(f"{self.path} links to {target}, which is not there.")
        if anchor and file.suffix == ".md" and anchor not in heading_anchors(file):
            raise BrokenLinkError(f"{self.path} links to {target}, but there is no such heading.")
        if not file.is_dir() and (address := shown_in_a_project(path)):
            up = posixpath.relpath(".", posixpath.dirname(self.path) or ".")
            return f'<a href="{up}/projects.html#{address}">{link["text"]}</a>'
        if file.is_dir() or path not in self.sources.documents:
            self.files.add(path)
        if link[0].startswith("!"):
            return self._image(link["text"], path)
        place = page_of(path, file) if path not in self.files else page_of_file(path, file)
        page = posixpath.relpath(place, posixpath.dirname(self.path) or ".")
        return f"[{link['text']}]({page}{'#' + anchor if anchor else ''})"

    def _image(self, text: str, path: str) -> str:
        place = posixpath.relpath(path, posixpath.dirname(self.path) or ".")
        if not place.endswith(".svg"):
            return f"![{text}]({place})"
        stem = place.removesuffix(".svg")
        return f"![{text}]({stem}.light.svg#only-light)![{text}]({stem}.dark.svg#only-dark)"


def heading_anchors(file: Path) -> set[str]:
    """Return the anchors of a document's headings."""
    text = FENCE.sub("", file.read_text(encoding="utf-8"))
    words = [
        re.sub(r"[^\w -]", "", it.lower()) for it in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    ]
    return {it.strip().replace(" ", "-") for it in words}


def shown_in_a_project(path: str) -> str:
    """Return which project's which file shows what a document of the template renders to."""
    if not path.endswith(".md"):
        return ""
    asked = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    match path.split("/"):
        case ["templates", "databases", database, *rest]:
            drivers = asked["_drivers"].items()
            chosen = next(f"driver={it}" for it, fact in drivers if fact["database"] == database)
        case ["templates", "drivers" | "frameworks" as kind, name, *rest]:
            chosen = f"{kind.removesuffix('s')}={name}"
        case ["templates", "jobs", *rest]:
            chosen = "jobs=yes"
        case _:
            return ""
    return f"{chosen}&file={'/'.join(rest)}"


def page_of_file(path: str, file: Path) -> str:
    """Return the page of what is no document: Zensical leaves out a folder `templates`."""
    return posixpath.normpath(f"{path}/index.md" if file.is_dir() else f"sources/{path}.md")


def page_of(path: str, file: Path | None = None) -> str:
    """Return the page of a document or of a directory."""
    if file and file.is_dir():
        return page_of_file(path, file)
    if posixpath.basename(path) == "README.md":
        return posixpath.join(posixpath.dirname(path), "index.md")
    return path


def write_file(sources: Sources, path: str, output: Path, titles: dict[str, str]) -> None:
    """Write the page of what is no document: an image, a source or a directory."""
    file = sources.file(path)
    if file.is_dir():
        page = page_of(path, file)
        if page not in titles:
            titles[page] = f"All {posixpath.basename(path)}"
            write(output / page, listing(path, titles[page], titles))
    elif file.suffix == ".svg":
        svg = file.read_text(encoding="utf-8")
        place = output / path
        write(place.with_suffix(".light.svg"), SYSTEM_IS_DARK.sub("", svg))
        write(place.with_suffix(".dark.svg"), SYSTEM_IS_DARK.sub(r"\1\n", svg))
    elif file.suffix in {".png", ".jpg", ".gif"}:
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, output / path)
    else:
        text = file.read_text(encoding="utf-8")
        fence = "`" * (1 + max([2, *map(len, re.findall("`+", text))]))
        block = f"{fence}{LANGUAGES.get(file.suffix, 'text')}\n{text.rstrip()}\n{fence}\n"
        head = "---\nsearch:\n  exclude: true\nhide:\n  - toc\n---\n"
        write(output / page_of_file(path, file), f"{head}# {path}\n\n{block}")


def listing(path: str, title: str, titles: dict[str, str]) -> str:
    """Return the page of a directory: the documents in it, and in the directories below."""
    found = sorted(it for it in titles if it.startswith(f"{path}/") and it != f"{path}/index.md")
    lines = [f"- [{titles[it]}]({posixpath.relpath(it, path)})" for it in found]
    return f"# {title}\n\n" + "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Write a text, and the directories that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
