"""What may be answered and what is refused, asked of the real command.

The hook's functions, for any text at all, are tested in the second half.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_cookies.plugin import Cookies
from support.bake import ANSWERS, TEMPLATE, bake
from support.hook import hook
from support.repositories import copy_template, run

FORM = "must be lower-case words"
PACKAGE = "is a package that generated projects depend on"
TEXTS = ("project_name", "description", "author_name")
READERS: dict[str, Callable[[str], object]] = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".yml": lambda text: list(yaml.safe_load_all(text)),
}


def refusal(output: Path, *arguments: str, typed: str | None = None) -> str:
    """Run the real command; return what it says, once it is sure that nothing is left."""
    home = output.parent / "home"
    home.mkdir()
    output.mkdir()
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))
    command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--default-config"]
    result = subprocess.run(
        [*command, "--output-dir", str(output), *([] if typed else ["--no-input"]), *arguments],
        input=typed,
        env=os.environ | places | {"PYTHONUTF8": "1"},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert result.returncode != 0
    assert {path.name for path in output.parent.iterdir()} == {"home", output.name}
    assert list(output.iterdir()) == []
    return result.stderr


REFUSED = [
    *((slug, "is a path") for slug in ("../elsewhere", "~/x", "a/b/c", "..", "..\\x", "a:b", ".")),
    ("", "is empty"),
    *((slug, FORM) for slug in ("shop\n", "trailing.", "my shop", "-rf", "Shop", "1st", "a<b|c?*")),
    *(
        (slug, FORM)
        for slug in ("na\u00efve", "shop_", "_shop", "two__shops", "my-shop", "shop\u202e")
    ),
    *((slug, FORM) for slug in ("\u3164", "shop ", 'a"b', "shop\t")),
    ("s" * 5000, "has 5000 characters, but at most 40"),
    ("s" * 41, "has 41 characters, but at most 40"),
    ("class", "is a word of the Python language"),
    ("email", "is a module of Python's standard library"),
    ("app", "is a directory in every generated project"),
    *((slug, PACKAGE) for slug in ("sqlalchemy", "anyio", "markdown_it_py")),
    ("postgres", "is a name that database servers keep"),
    *((slug, "is a device on Windows") for slug in ("con", "aux", "com1", "lpt9")),
]
OF_THE_COMMAND = {"../elsewhere", "~/x", "a/b/c", "my shop", "1st", "class", "sqlalchemy"}
"""One for each rule, and several directories."""


@pytest.mark.parametrize(("slug", "rule"), REFUSED, ids=lambda text: ascii(text)[:20])
def test_slug_is_refused_by_the_hook(slug: str, rule: str) -> None:
    found = list(hook.slug_problems(slug))

    assert any(said.startswith(f"project_slug {hook.abbreviated(slug)} {rule}") for said in found)


@pytest.mark.parametrize(
    ("slug", "rule"),
    [it for it in REFUSED if it[0] in OF_THE_COMMAND],
    ids=lambda text: ascii(text)[:20],
)
def test_slug_is_refused(tmp_path: Path, slug: str, rule: str) -> None:
    said = refusal(tmp_path / "output", f"project_slug={slug}")

    assert f"project_slug {hook.abbreviated(slug)} {rule}" in said
    _, end, report = said.partition("What follows is the renderer's own report.\n")
    assert end
    # If the hook has removed what was made, there is nothing left for the renderer to remove.
    assert bool(report) == (slug in {"~/x", "a/b/c"})


@pytest.mark.parametrize(
    ("slug", "rule"), [("", "is empty"), (".", "is a path"), ("..", "is a path")]
)
def test_slug_of_an_existing_directory_is_refused(tmp_path: Path, slug: str, rule: str) -> None:
    # Without the option cookiecutter refuses them itself; cruft always renders with it.
    said = refusal(tmp_path / "output", "--overwrite-if-exists", f"project_slug={slug}")

    assert f"project_slug {slug!r} {rule}" in said


def test_absolute_slug_is_refused(tmp_path: Path) -> None:
    slug = str(tmp_path / "elsewhere")

    said = refusal(tmp_path / "output", f"project_slug={slug}")

    assert f"project_slug {hook.abbreviated(slug)} is a path" in said


@pytest.mark.parametrize(
    ("field", "text", "rule"),
    [
        ("project_name", "", "is empty"),
        ("author_name", " \u00a0", "is empty"),
        ("description", "\u0301", "is empty"),
        ("description", " Shop", "begins or ends with white space"),
        ("author_name", "My\nshop", "holds U+000A"),
        ("project_name", "My\tshop\x7f\x85", "holds U+0009, U+007F, U+0085"),
        ("project_name", "My\u2028shop\u2029", "holds U+2028, U+2029"),
        ("author_name", "Shop\u202e", "holds U+202E"),
        ("description", "Shop\udcff", "holds U+DCFF"),
        ("project_name", "My }} %} #} {% shop", "holds '#}', '%}', '{%', '}}'"),
    ],
    ids=ascii,
)
def test_text_is_refused(tmp_path: Path, field: str, text: str, rule: str) -> None:
    said = refusal(tmp_path / "output", "project_slug=shop", f"{field}={text}")

    assert f"{field} {text!r} {rule}" in said


@pytest.mark.parametrize(
    ("field", "length"), [("project_name", 80), ("description", 200), ("author_name", 200)]
)
def test_long_text_is_refused(tmp_path: Path, field: str, length: int) -> None:
    said = refusal(tmp_path / "output", "project_slug=shop", f"{field}={'x' * (length + 1)}")

    assert f"{field} 'xxx" in said
    assert f"has {length + 1} characters, but at most {length} are allowed" in said


def typed(**given: str) -> str:
    """Return what is typed at the prompts: the defaults, but for what is given."""
    asked = [name for name in ANSWERS if not name.startswith("_")]
    return "".join(f"{given.get(name, '')}\n" for name in asked)


@pytest.mark.parametrize(
    ("field", "text"), list(zip(TEXTS, ["{{ 7*7 }}", "A {# note #}", "{{ nothing"], strict=True))
)
def test_tag_is_refused_when_typed(tmp_path: Path, field: str, text: str) -> None:
    said = refusal(tmp_path / "output", typed=typed(**{"project_slug": "shop", field: text}))

    assert f"{field} {text!r} holds '" in said


@pytest.mark.parametrize("text", ["A {# note #}", "A {{ 7*7 }} B"])
def test_tag_is_refused_on_the_command_line(tmp_path: Path, text: str) -> None:
    """Cookiecutter renders such an answer, and the tag would be gone."""
    said = refusal(tmp_path / "output", f"description={text}")

    assert f"description {text!r} holds '" in said
    assert said.count("description ") == 1


def test_answers_on_the_command_line_may_be_made_of_others(tmp_path: Path) -> None:
    project = bake(tmp_path, description="{{ cookiecutter.project_name }} for all.")
    assert "Company Directory for all." in (project / "README.md").read_text(encoding="utf-8")


def test_a_wrong_slug_is_told_before_the_next_questions(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    said = {}
    for slug in ("shop", "My shop", "1st", ""):
        done = subprocess.run(
            [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--output-dir", str(tmp_path)],
            # The end of the input is Ctrl-D, at the question for the author.
            input=f"A name\n{slug}\n\n",
            env=os.environ | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONUTF8": "1"},
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert done.returncode
        said[slug] = "Press Ctrl-C and begin again: project_slug" in " ".join(done.stdout.split())
    assert said == {"shop": False, "My shop": True, "1st": True, "": False}


@pytest.mark.parametrize(
    ("name", "slug"),
    [("!!!", "project"), ("2024 plan", "project_2024_plan"), ("\u65e5\u672c", "ri_ben")],
)
def test_a_name_without_a_letter_in_front_has_a_slug(tmp_path: Path, name: str, slug: str) -> None:
    assert bake(tmp_path, project_name=name).name == slug


def test_cruft_refuses_alike(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    work = tmp_path / "work"
    work.mkdir()
    for answers, rule in (
        ({"project_slug": "my shop"}, FORM),
        ({"project_slug": "~/x"}, "is a path"),
        ({"description": "A {# note #}"}, "holds '#}', '{#'"),
    ):
        cruft = (sys.executable, "-m", "cruft", "create", str(template), "--no-input")
        done = run(work, *cruft, "--default-config", "--extra-context", json.dumps(answers))
        assert done.returncode == 1
        ((field, text),) = answers.items()
        assert f"{field} {hook.abbreviated(text)} {rule}" in done.stderr + done.stdout
        assert list(work.iterdir()) == []


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path / "output", "project_slug=Class", "author_name=", "description= x")

    for sentence in (
        f"project_slug 'Class' {FORM}",
        "project_slug 'Class' is a word of the Python language",
        "description ' x' begins or ends with white space",
        "author_name '' is empty",
    ):
        assert sentence in said


def test_loop_that_the_driver_cannot_use_is_refused() -> None:
    answers = ANSWERS | {
        "project_slug": "shop",
        "description": "A shop.",
        "framework": "fastapi",
        "server": "uvicorn",
        "driver": "strict",
        "windows_event_loop": "native",
        "_drivers": {"strict": {"needs_selector": True}, "easy": {"needs_selector": False}},
    }

    (said,) = hook.problems(answers)

    assert said.startswith("windows_event_loop 'native' cannot serve the driver 'strict'")
    assert list(hook.problems(answers | {"driver": "easy"})) == []
    assert list(hook.problems(answers | {"windows_event_loop": "selector"})) == []


def test_native_loop_is_refused_for_psycopg(tmp_path: Path) -> None:
    said = refusal(tmp_path / "output", "driver=psycopg", "windows_event_loop=native")

    assert "windows_event_loop 'native' cannot serve the driver 'psycopg'" in said


def test_telemetry_of_a_command_line_is_refused() -> None:
    answers = {"framework": "none", "telemetry": "opentelemetry"}
    (said,) = hook.telemetry_problems(ANSWERS | answers | {"jobs": "no"})
    assert said.startswith("telemetry 'opentelemetry' is for services and workers")
    assert list(hook.telemetry_problems(ANSWERS | answers | {"jobs": "yes"})) == []


def test_server_that_cannot_serve_the_framework_is_refused(tmp_path: Path) -> None:
    answers = ANSWERS | {
        "project_slug": "shop",
        "description": "A shop.",
        "driver": "asyncpg",
        "windows_event_loop": "selector",
        "framework": "whole",
        "server": "granian",
        "_frameworks": {"whole": {"server": "whole"}, "part": {"server": "asgi"}},
    }

    (said,) = hook.problems(answers)

    assert said.startswith(
        "server 'granian' is for the ASGI frameworks, and framework 'whole' is none"
    )
    assert list(hook.problems(answers | {"framework": "part"})) == []
    # What nobody chose is no mistake.
    assert list(hook.problems(answers | {"server": ANSWERS["server"][0]})) == []
    assert ANSWERS["server"][0] == hook.DEFAULT_SERVER

    for framework in ("aiohttp", "sanic", "none"):
        directory = tmp_path / framework
        directory.mkdir()
        said = refusal(directory / "output", f"framework={framework}", "server=hypercorn")
        assert f"for the ASGI frameworks, and framework '{framework}' is none of them" in said


@pytest.mark.parametrize("slug", ["com0", "lpt9", "aux", "CON", "clock$"])
def test_device_is_refused(slug: str) -> None:
    assert any("is a device on Windows" in said for said in hook.slug_problems(slug))


UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180e\u200b\u200e\u200f\u2060\u2061\u2064\u206a"
    "\u2800\u3164\ufeff\uffa0\ufff9\U0001d159\U0001d173\U000e0001\U000e0041"
)
"""What shows nothing, and is no space by Python's lights."""
SEEN_IN_COMPANY = "\u0301\u200c\u200d\ufe0f\U000e0100"
"""A mark, joiners and variation selectors: scripts and emoji need them, alone they show nothing."""


def test_every_hidden_character_is_refused() -> None:
    hidden = (
        "\x00\x1f\x7f\x9f\u2028\u202e\u2066\u2069\ud800\udfff\ufffe\uffff\ufdd0\U0001fffe\U0010ffff"
    )
    for character in hidden + UNSEEN:
        (said,) = hook.text_problems("description", f"My{character}shop", 200)

        assert f"holds U+{ord(character):04X}, a control or invisible character" in said


@pytest.mark.parametrize("character", [*UNSEEN, *SEEN_IN_COMPANY, "\u2003", "\u3000"], ids=ascii)
def test_a_text_that_shows_nothing_is_refused(character: str) -> None:
    assert list(hook.text_problems("author_name", character * 2, 200))


@pytest.mark.parametrize(
    "text", ["\u2764\ufe0f", "\u0645\u06cc\u200c\u062e", "e\u0301", "\u00e9", "7"]
)
def test_a_text_that_shows_something_is_accepted(text: str) -> None:
    assert list(hook.text_problems("author_name", text, 200)) == []


def test_every_reserved_slug_is_refused() -> None:
    reserved = [
        *sys.stdlib_module_names,
        "distutils",
        "cgi",
        "compression",
        *hook.DEPENDENCIES.split(),
    ]
    reserved += ["pg_shop", "public", "template0", "template1", "mysql", "none", "true"]

    assert [slug for slug in reserved if not list(hook.slug_problems(slug))] == []


@pytest.mark.parametrize("slug", ["s", "shop", "shop_2", "s" * 40, "match", "lazy"])
def test_slug_is_accepted(cookies: Cookies, slug: str) -> None:
    result = cookies.bake(extra_context={"project_slug": slug}, template=str(TEMPLATE))

    assert result.exception is None
    assert result.project_path.name == slug


def test_defaults_are_accepted(cookies: Cookies, capfd: pytest.CaptureFixture[str]) -> None:
    assert cookies.bake(template=str(TEMPLATE)).exception is None
    assert capfd.readouterr().err == ""


def accepted(field: str) -> st.SearchStrategy[str]:
    """Draw texts that the hook lets pass, many of them with what needs an escape."""
    awkward = st.sampled_from("\"'\\`#$%{}&<>|:;=~^!*?@[]()-_,./ é\u00df日\u00a0😀")
    length = hook.TEXT_LENGTHS[field]
    texts = st.text(awkward | st.characters(), min_size=1, max_size=length).map(str.strip)
    return texts.filter(lambda text: not list(hook.text_problems(field, text, length)))


def slugs() -> st.SearchStrategy[str]:
    names = st.from_regex(hook.SLUG, fullmatch=True)
    return names.filter(lambda slug: not list(hook.slug_problems(slug)))


@given(st.sampled_from(TEXTS).flatmap(accepted))
@settings(deadline=None)
def test_accepted_text_survives_quotes(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')

    assert tomllib.loads(f'text = "{quoted}"') == {"text": text}
    assert yaml.safe_load(f'text: "{quoted}"') == {"text": text}
    assert ast.literal_eval(f'"{quoted}"') == text


@given(st.text() | st.text("\t\r\n\x00\x7f\x9f\u2028\ud800{%#}x "))
@settings(deadline=None)
def test_refusal_is_one_sentence(text: str) -> None:
    for said in (*hook.slug_problems(text), *hook.text_problems("author_name", text, 9)):
        assert said.isprintable()
        assert hook.abbreviated(text) in said
        assert said.endswith(".")


@given(st.text("abz019_", max_size=42) | st.text())
@settings(deadline=None)
def test_accepted_slug_is_a_plain_name(slug: str) -> None:
    if not list(hook.slug_problems(slug)):
        assert slug.isascii()
        assert slug.isidentifier()
        assert slug == slug.lower().strip("_")
        assert "__" not in slug
        assert 1 <= len(slug) <= 40


@given(accepted("project_name"), slugs(), accepted("description"), accepted("author_name"))
@example('"""\\', "shop", "'''\\\\\"", '"')
@example("# {", "shop", "${HOME} %(here)s %s \\N{DASH} \\u12", "\\")
@settings(deadline=None, max_examples=15)
def test_accepted_answers_render_as_typed(name: str, slug: str, text: str, author: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        project = bake(
            Path(directory),
            project_name=name,
            project_slug=slug,
            description=text,
            author_name=author,
        )

        assert project == Path(directory, slug)
        pyproject = (project / "pyproject.toml").read_text(encoding="utf-8")
        metadata = tomllib.loads(pyproject)["project"]
        assert metadata["name"] == slug.replace("_", "-")
        assert metadata["description"] == text
        assert metadata["authors"] == [{"name": author}]
        for file in project.rglob("*"):
            read = READERS.get(file.suffix)
            if read:
                read(file.read_text(encoding="utf-8"))
        for command in (["format", "--check"], ["check"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]
            done = subprocess.run(
                ruff, cwd=project, capture_output=True, check=False, encoding="utf-8"
            )
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("answers", [(), ("local_database=no",), ("driver=aiosqlite",)])
def test_a_new_project_says_what_comes_next(tmp_path: Path, answers: tuple[str, ...]) -> None:
    said = rendered(tmp_path, "\u00c9t\u00e9", *answers)
    database = ", once README.md (Start) has led to a database" if "=no" in str(answers) else ""
    assert said == [
        f"Your project is in {tmp_path / 'Été' / 'company_directory'}. Run there{database}:",
        "    uv sync",
        "    uv run python -m app dev",
    ]


def test_what_comes_next_is_said_on_every_console(tmp_path: Path) -> None:
    (first, *_) = rendered(tmp_path, "\u65e5\u672c", PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    assert "\\u65e5\\u672c" in first


def rendered(tmp_path: Path, folder: str, *answers: str, **env: str) -> list[str]:
    """Render a project outside of the temporary directory, and return the lines that are said."""
    (tmp_path / folder).mkdir()
    places = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--default-config"),
            *("--no-input", "--output-dir", str(tmp_path / folder), *answers),
        ],
        env=os.environ | places | {"PYTHONUTF8": "1"} | env,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    return done.stdout.splitlines()
