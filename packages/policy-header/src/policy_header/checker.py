"""Applies the rules to a file."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from .code_bases import depends_on_the_loop, root_of
from .loop_rules import bypassed_factory
from .modules import find_module
from .rules import (
    Findings,
    buried_header,
    late_header,
    missing_header,
    repeated_header,
    unchecked_platform,
)
from .source import UNREADABLE, Source, decode, parse
from .swallowed_errors import swallowed_error

HEADER_MODULE = "app.event_loop"
UNPARSABLE = "EL000"
RULES: dict[str, Callable[[Source], Findings]] = {
    "EL001": missing_header,
    "EL002": late_header,
    "EL003": buried_header,
    "EL004": unchecked_platform,
    "EL005": repeated_header,
    "EL006": bypassed_factory,
    "EL007": swallowed_error,
}
EVERYWHERE = {"EL004", "EL007"}
"""The rules for mistakes in any code base, also in one whose loop does not matter."""
NOQA = re.compile(r"#\s*noqa:\s*([A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)", re.IGNORECASE)


class Finding(NamedTuple):
    """What a rule found where; sorts by place."""

    path: Path
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        """Return it as other linters do, so that editors find the place."""
        return f"{self.path}:{self.line}: {self.code} {self.message}"


def check(
    path: Path, data: bytes, header_module: str | None = None, folder: Path | None = None
) -> list[Finding]:
    """Return the findings in the bytes of the file at `path`, from the first line on.

    Without `header_module` it is `app.event_loop`, if the code base around `path` has it. That
    is the nearest project around it, or else `folder`.
    """
    try:
        source = read(path, data, header_module, folder)
    except UNREADABLE as error:
        return [Finding(path, _line_of(error), UNPARSABLE, _cannot_parse(error))]
    if source.header_file == source.place:
        return []
    return sorted({*_findings(source)})


def read(
    path: Path, data: bytes, header_module: str | None = None, folder: Path | None = None
) -> Source:
    """Return the parsed file, as `check` sees it; raise one of `UNREADABLE` if it is none."""
    module = header_module or HEADER_MODULE
    file = find_module(path.resolve().parent, module)
    in_place = not header_module and not file
    text, _ = decode(data)
    base = root_of(path.resolve().parent) or folder
    return Source(path, text, parse(text), module, file, in_place=in_place, base=base)


def _line_of(error: Exception) -> int:
    if isinstance(error, UnicodeDecodeError):
        return error.object[: error.start].count(b"\n") + 1
    return getattr(error, "lineno", None) or 1


def _cannot_parse(error: Exception) -> str:
    why = getattr(error, "msg", None) or str(error) or type(error).__name__
    # What a newer one can, this one perhaps can't.
    return (
        f"Python {sys.version_info[0]}.{sys.version_info[1]}, which runs this, can't read it: {why}"
    )


def _findings(source: Source) -> Iterator[Finding]:
    codes = RULES.keys() if depends_on_the_loop(source) else EVERYWHERE
    for code in sorted(codes):
        for line, message in RULES[code](source):
            if code not in _accepted(source, line):
                yield Finding(source.path, line, code, message)


def _accepted(source: Source, line: int) -> set[str]:
    """Return the codes that the line's `# noqa: EL003` accepts; without codes it accepts none."""
    text = source.lines[line - 1] if source.lines else ""
    return {code.upper() for it in NOQA.findall(text) for code in re.split(r"[\s,]+", it)}
