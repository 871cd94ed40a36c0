"""The site: every page is found, no link is broken, and projects are shown as they are rendered."""

from __future__ import annotations

import html
import json
import posixpath
import re
import subprocess
import sys
from collections import deque
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from support.bake import PROJECT, TEMPLATE, bake, choices
from support.projects import environment
from support.windows.launchers import LAUNCHERS as ON_WINDOWS

from website import diagrams, terminal
from website.lists import widened
from website.navigation import navigation
from website.pages import (
    FENCE,
    LINK,
    BrokenLinkError,
    Links,
    Sources,
    write_pages,
)
from website.projects import combinations, write_projects

ASSETS = TEMPLATE / "website/assets"
LOADS = re.compile(r"""<(?:script|img|link|iframe|source)\b[^>]*?\b(?:src|href)="?([^">\s]+)""")
MYSQL = "templates/databases/mysql/docs/it.md"
TRIGGERS = re.compile(r'class="[^"]*\b(mermaid|pyodide|glightbox|md-source)\b')
"""What makes the theme's script load something of another host."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Return the documents of the repository and of a project."""
    return Sources({"": TEMPLATE, "project": bake(tmp_path_factory.mktemp("render"))})


def test_every_link_leads_somewhere(sources: Sources, tmp_path: Path) -> None:
    titles = write_pages(sources, tmp_path)
    assert len(titles) > 50
    for page in titles:
        assert (tmp_path / page).is_file()


def test_what_a_link_may_lead_to(tmp_path: Path) -> None:
    for name in (
        "README.md",
        "docs/a.md",
        "docs/b/README.md",
        "docs/c/d.md",
        "code.py",
        "x.svg",
        MYSQL,
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# A `title`\n", encoding="utf-8")
    links = Links(Sources({"": tmp_path}), "docs/a.md")
    for written, rewritten in {
        "[x](../README.md#a-title)": "[x](../index.md#a-title)",
        "[x](b)": "[x](b/index.md)",
        "[x](c)": "[x](c/index.md)",
        f"[x](../{MYSQL})": '<a href="../projects.html#driver=asyncmy&file=docs/it.md">x</a>',
        "[x](../code.py)": "[x](../sources/code.py.md)",
        "![x](../x.svg)": "![x](../x.light.svg#only-light)![x](../x.dark.svg#only-dark)",
        "[![x](../x.svg)](c/d.md)": (
            "[![x](../x.light.svg#only-light)![x](../x.dark.svg#only-dark)](c/d.md)"
        ),
        "[the `x` of](../code.py)": "[the `x` of](../sources/code.py.md)",
        "[x](https://example.com/y)": "[x](https://example.com/y)",
        "`[x](nowhere.md)`": "`[x](nowhere.md)`",
        "```\n[x](nowhere.md)\n```": "```\n[x](nowhere.md)\n```",
    }.items():
        assert links.rewrite(written) == rewritten
    for broken in ("[x](nowhere.md)", "![x](no.png)", "[x](../../outside.md)", "[x](a.md#nowhere)"):
        with pytest.raises(BrokenLinkError, match=r"docs/a\.md"):
            links.rewrite(broken)


def test_lists_keep_their_levels() -> None:
    text = """\
Words
- one
  more of it
- two
  1. below
     and more

     ```
     - code
     ```
  2. again

     A paragraph
- three

Words
"""
    assert (
        widened(text)
        == """\
Words

- one
    more of it
- two
    1. below
        and more

        ```
        - code
        ```

    2. again

        A paragraph

- three

Words
"""
    )


def test_pages_of_tomorrow_are_in_the_navigation() -> None:
    paths = ["index.md", "projects.md", "docs/drivers.md", "docs/tomorrow.md"]
    paths += ["docs/cookbook/tomorrow.md", "docs/decisions/0999-tomorrow.md", "TOMORROW.md"]
    paths += ["project/docs/tomorrow.md", "project/AGENTS.md", "packages/tomorrow/index.md"]
    found = json.dumps(navigation({path: path for path in paths}))
    assert [path for path in paths if found.count(f'"{path}"') != 2] == []  # its title, and itself


def test_every_page_is_two_clicks_from_the_readme() -> None:
    """On a host that shows a folder's files, and the README in it."""
    clicks = {"README.md": 0}
    queue = deque(clicks)
    while queue:
        place = queue.popleft()
        for path in leads_to(place):
            if path not in clicks:
                clicks[path] = clicks[place] + 1
                queue.append(path)
    pages = Sources({"": TEMPLATE}).documents
    pages += [
        path.relative_to(TEMPLATE).as_posix()
        for path in (TEMPLATE / PROJECT).glob("docs/*.md")
        if not path.read_text(encoding="utf-8").startswith("# {% include")
    ]
    assert {page: clicks.get(page) for page in pages if clicks.get(page, 9) > 2} == {}


def leads_to(place: str) -> list[str]:
    """Return the files and folders to which links of a document or a folder lead."""
    path = TEMPLATE / place
    if path.is_dir():
        return [it.relative_to(TEMPLATE).as_posix() for it in path.iterdir()]
    if path.suffix != ".md":
        return []
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    targets = [
        unquote(it["target"].strip("<>")).partition("#")[0]
        for it in LINK.finditer(text)
        if it["target"]
    ]
    folder = posixpath.dirname(place)
    found = [posixpath.normpath(posixpath.join(folder, it)) for it in targets if "://" not in it]
    # What a project's documents link to may be there in a render only.
    return [it for it in found if (TEMPLATE / it).exists()]


def shown(folder: Path) -> dict[str, dict[str, str]]:
    """Return the projects that are written in a folder: each one's files, as a page shows them."""
    [text] = [it.read_text(encoding="utf-8") for it in folder.glob("trees.js")]
    data = json.loads(text.removeprefix("projectTrees(").removesuffix(");\n"))
    return {
        name: {
            data["paths"][path]: displayed(folder / f"{data['keys'][key]}.js")
            for path, key in zip(pairs[::2], pairs[1::2], strict=True)
        }
        for name, pairs in data["trees"].items()
    }


def displayed(script: Path) -> str:
    """Return the text of a file that a script has as HTML."""
    call = script.read_text(encoding="utf-8").removeprefix("projectFile").removesuffix(";\n")
    key, markup = json.loads(f"[{call[1:-1]}]")
    assert script.stem == key
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def test_a_project_is_shown_as_it_is_rendered(tmp_path: Path) -> None:
    chosen = {"driver": "psycopg", "framework": "quart", "jobs": "yes"}
    write_projects([chosen, chosen | {"driver": "aiomysql"}], tmp_path / "projects")
    projects = shown(tmp_path / "projects")
    assert list(projects) == ["psycopg quart yes", "aiomysql quart yes"]
    rendered = bake(tmp_path / "fresh", **chosen)
    compare(projects["psycopg quart yes"], rendered)
    files = sum(len(it) for it in projects.values())
    assert len(list((tmp_path / "projects").glob("*.js"))) - 1 < files * 0.8


def compare(found: dict[str, str], rendered: Path) -> None:
    """Compare what is shown with a render: all files, and the texts of those that are code."""
    paths = {it.relative_to(rendered).as_posix(): it for it in rendered.rglob("*") if it.is_file()}
    assert found.keys() == paths.keys()
    for path, file in paths.items():
        if file.suffix != ".md":
            assert found[path] == file.read_text(encoding="utf-8"), path
        else:
            # A document is shown as one, without the marks of its text.
            [title] = re.findall(r"^# (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)[:1]
            assert title in found[path]


def test_the_pictures_are_as_they_are_drawn() -> None:
    record = terminal.RECORD.read_text(encoding="utf-8")
    pictures = diagrams.pictures() | {terminal.PICTURE: terminal.draw(record)}
    for path, drawn in pictures.items():
        assert path.read_text(encoding="utf-8") == drawn, path


def test_the_diagram_says_what_launchers_do() -> None:
    """As in the table of launchers, which tests run."""
    every = {it for group in ON_WINDOWS.values() for it in group}
    for commands, outcomes in diagrams.LAUNCHERS.values():
        looks = [look for _, look in outcomes]
        for name in re.split(r", | and ", ", ".join(commands)):
            program, *rest = name.removeprefix("python -m ").split()
            plain = [
                it
                for it in every
                if it.name.split()[0] == program
                and all(word in it.name.split() for word in rest)
                and len(it.name.split())
                == min(
                    len(other.name.split())
                    for other in every
                    if other.name.split()[0] == program
                    and all(word in other.name.split() for word in rest)
                )
            ]
            assert plain or program in {"scripts", "Alembic", "pytest"}, name
            for it in plain:
                ends = [it.outcome, it.without_policies or it.outcome]
                expected = ["serves" if look == "good" else "refuses" for look in looks]
                assert ends == expected * (2 // len(expected)), it.name


def test_nothing_of_ours_names_another_host() -> None:
    for path in [*ASSETS.iterdir(), *(TEMPLATE / "docs").glob("*.svg")]:
        found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text(encoding="utf-8"))
        assert set(found) <= {"http://www.w3.org"}, path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site with one project."""
    return built(tmp_path_factory.mktemp("site"), "--first")


def built(folder: Path, *options: str) -> Path:
    """Build the site and return it."""
    done = subprocess.run(
        [sys.executable, "-m", "website", "--output", folder, *options],
        cwd=TEMPLATE,
        env=environment(PYTHONPATH=str(TEMPLATE)),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_it_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list((site / "html").rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not [it for it in LOADS.findall(text) if re.match(r"(?:[a-z]+:)?//", it)], page
        assert not TRIGGERS.search(text), page
    for style in (site / "html").rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)[\"' ]*(?:https?:)?//", style.read_text("utf-8"))


def test_what_it_loads_is_there(site: Path) -> None:
    for page in (site / "html").rglob("*.html"):
        if page.name != "404.html":
            for it in LOADS.findall(page.read_text(encoding="utf-8")):
                assert (page.parent / unquote(it).partition("#")[0]).is_file(), (page, it)


def test_documents_look_as_on_github(site: Path) -> None:
    """Zensical's Markdown needs more blanks and blank lines than CommonMark."""
    reference = MarkdownIt("commonmark").enable("table")
    for page in sorted((site / "pages").rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if text.startswith("---"):
            continue
        shown_page = site / "html" / page.relative_to(site / "pages").with_suffix(".html")
        whole = shown_page.read_text(encoding="utf-8")
        article = whole.partition("<article")[2].partition("</article>")[0]
        for mark in ("<li", "<table", "<pre", "<h2", "<strong"):
            assert article.count(mark) == reference.render(text).count(mark), (page, mark)


@pytest.mark.full
def test_try_py_builds_it(tmp_path: Path) -> None:
    command = [sys.executable, "try.py", "site", "--first", "--output", str(tmp_path)]
    subprocess.run(command, cwd=TEMPLATE, check=True, timeout=600)
    assert (tmp_path / "html/index.html").is_file()


@pytest.mark.full
def test_all_projects_are_in_the_site(tmp_path: Path) -> None:
    projects = shown(built(tmp_path / "site") / "html/assets/projects")
    assert len(projects) == len(choices("driver")) * len(choices("framework")) * 2
    for chosen in combinations():
        name = " ".join(chosen.values())
        compare(projects[name], bake(tmp_path / name, **chosen))
