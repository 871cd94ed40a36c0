"""`--fix` of the policy-first header, on files of all shapes: only what it adds is new."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st
from policy_header.checker import check, read
from policy_header.fix import COMMENT, insert_header, move_header
from policy_header.source import Source, decode

MODULE = "app.event_loop"
IMPORT = "import app.event_loop as _event_loop  # noqa: F401"
LATE = "from app.event_loop import (\n    run,  # why\n)"
FUTURE = "from __future__ import annotations"
PATH = Path("conftest.py").resolve()

maybe = st.sampled_from
FILLING = st.lists(maybe(["", "", "# A comment.", "    ", "\x0c", "# é coding"]), max_size=3)
BODY = [
    [],
    ["import os"],
    ["import os", "", "import rich"],
    ["def f():", "    return 1"],
    ["@staticmethod", "class C:", "    pass"],
    ["x = 1; import os"],
    ["if x:", "    import os"],
    ["\\", "import os"],
    ["\x0cimport os"],
    ["f'''not a', 'docstring'''"],
    ["b'''", "no docstring", "'''"],
]
DOCSTRINGS = [
    [],
    ['"""Documented."""'],
    ["'''Several", "# lines", "", "'''"],
    ['r"""\\d"""  # é'],
    ['("""In brackets."""', ")"],
    ['"a" \\', "    'b'"],
    ['"""é";"; """;'],
    ['u"ü"'],
]
FUTURES = [
    [],
    [FUTURE],
    [FUTURE, "from __future__ import division  # why"],
    ["from __future__ import (", "    annotations,", ")"],
    [f"{FUTURE}; from __future__ import division"],
]
JOINTS = ["\n", "\n", "\n", "; ", ";", " ; \\\n", "; \\\n  \\\n"]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return a file that Python accepts, and that has no header."""
    bom = draw(st.booleans())
    codings = ["", "# -*- coding: utf-8 -*-", "# vim: set fileencoding=utf-8 :"]
    coding = draw(maybe(codings if bom else [*codings, "# coding=latin-1"]))
    first = draw(maybe(["", "#!/usr/bin/env python", "\n"])) if coding else draw(maybe(["", "#!x"]))
    start = [line for line in (first.rstrip("\n") or (first and " "), coding) if line]
    start += draw(FILLING)
    text = "".join(f"{line}\n" for line in start)
    for options in (DOCSTRINGS, FUTURES, BODY):
        lines = draw(maybe(options))
        compound = lines and lines[0].startswith(("def", "@", "if", "\\", "\x0c"))
        if lines and text and not text.endswith("\n"):
            joint = "\n" if compound or "#" in text.rpartition("\n")[2] else draw(maybe(JOINTS))
            text += joint
            if joint == "\n":
                text += "".join(f"{line}\n" for line in draw(FILLING))
        text += "\n".join(lines)
    if draw(st.booleans()):
        text += "\n" + "".join(f"{line}\n" for line in draw(FILLING))
    text = text.replace("\n", draw(maybe(["\n", "\r\n", "\r"])))
    encoding = "latin-1" if "latin-1" in coding else "utf-8-sig" if bom else "utf-8"
    data = text.encode(encoding)
    try:
        ast.parse(data)
    except SyntaxError:
        reject()
    return data


def flags(data: bytes) -> int:
    """Return the flags of the compiled file: which future it has."""
    return compile(data, "file", "exec", dont_inherit=True).co_flags


def fix(data: bytes, how: Callable[[Source], str | None]) -> bytes | None:
    fixed = how(read(PATH, data, MODULE))
    return None if fixed is None else fixed.encode(decode(data)[1])


def findings(data: bytes) -> list[str]:
    return [finding.code for finding in check(PATH, data, MODULE)]


def docstring(data: bytes) -> str | None:
    return ast.get_docstring(ast.parse(data), clean=False)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(files())
@example(b"# coding=latin-1\nx = '\xe9'\n")
@example(b" \n# coding=latin-1\nx = '\xe9'\n")
def test_an_inserted_header_is_all_that_is_new(data: bytes) -> None:
    assert findings(data) == ["EL001"]
    fixed = fix(data, insert_header)
    assert fixed is not None
    assert findings(fixed) == []
    assert flags(fixed) == flags(data)
    assert docstring(fixed) == docstring(data)

    # Without a piece in one place it is the same file again.
    size = len(fixed) - len(data)
    places = range(len(data) + 1)
    starts = [at for at in places if fixed[:at] + fixed[at + size :] == data]
    pieces = [fixed[at : at + size].decode("ascii").split() for at in starts]
    assert f"{COMMENT} {IMPORT}".split() in pieces

    header, rest = ast.dump(ast.parse(IMPORT).body[0]), ast.parse(fixed).body
    dumps = [ast.dump(node) for node in rest]
    dumps.remove(header)
    assert dumps == [ast.dump(node) for node in ast.parse(data).body]

    ends = {*re.findall(rb"\r\n|\r|\n", fixed)}
    assert len(ends) == 1
    assert ends >= {*re.findall(rb"\r\n|\r|\n", data)}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(files(), maybe([[], [COMMENT], ["", COMMENT], [""]]), maybe([[], [""], ["", "x = 1"]]))
def test_a_late_header_moves_and_nothing_else_does(
    data: bytes, before: list[str], after: list[str]
) -> None:
    ends = re.findall(rb"\r\n|\r|\n", data) or [b"\n"]
    added = "\n".join(["", "import os", *before, LATE, *after, ""])
    late = data + added.encode().replace(b"\n", ends[0])
    try:
        ast.parse(late)
    except SyntaxError:
        reject()
    assert findings(late) == ["EL002"]
    moved = fix(late, move_header)
    assert moved is not None
    assert findings(moved) == []
    assert flags(moved) == flags(late)
    assert docstring(moved) == docstring(late)
    assert without_header(moved) == without_header(late)


def without_header(data: bytes) -> bytes:
    """Return what there is beside the header, and beside the white space."""
    dense = b"".join(data.split())
    for part in (COMMENT, LATE):
        dense = dense.replace("".join(part.split()).encode(), b"")
    return dense


@pytest.mark.parametrize(
    "header",
    [
        "import os, app.event_loop",
        "x = 1; import app.event_loop",
        "import app.event_loop; x = 1",
        "if x: import app.event_loop",
        "if x:\n    import app.event_loop",
        "try:\n    import app.event_loop\nfinally: ...",
        "x = '''\n'''; import app.event_loop",
    ],
)
def test_a_header_that_is_not_alone_stays(header: str) -> None:
    source = f"import os\n{header}\n".encode()
    assert findings(source) == ["EL002"]
    assert fix(source, move_header) is None


PIECES = ["\n", "\r", "\x00", "\\", '"""', "'", "#", "coding: x", "\ufeff", "\x0c", " ", "    "]
PIECES += [
    "if ",
    "x",
    ":",
    "(",
    ")",
    "import ",
    "asyncio",
    ".run",
    "app = ",
    "\xe9",
    "except",
    "\x1a",
]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.binary(max_size=8))
def test_no_file_is_too_strange_to_check(text: str, more: bytes) -> None:
    for data in (text.encode(), text.encode("latin-1", "replace") + more, more):
        if findings(data) == ["EL001"]:
            fixed = fix(data, insert_header)
            assert fixed is None or findings(fixed) == []
