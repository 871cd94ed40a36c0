"""The command line of the tool."""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from .checker import HEADER_MODULE, RULES, UNPARSABLE, Finding, check, read
from .clones import URL, CloneError, cloned
from .files import python_files
from .fix import insert_header, move_header
from .source import decode

INSERTED = {"EL001", "EL003"}
MOVED = {"EL002"}
PROGRAM = "policy-header"
DESCRIPTION = """\
Find entry points that do not begin with the policy-first header.

An entry point is a file that Python, a server, Alembic or pytest starts with, or one that
runs a loop. It must choose the event loop before it imports anything else: by importing the
header module, or, in a code base without one, by setting the policy in place:

    if sys.platform == "win32":
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())

Rules:
"""
EPILOG = """\
A line is excepted from a rule by `# noqa: EL001`; without a code it is not. The exit code is
0 if there is nothing to report, 1 if there is, and 2 if the tool can't be run like this.
"""


def run() -> None:
    """Do what the command line asks for, and exit."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Check what the command line's `arguments` name, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console of Windows may not have all the characters of a file's name.
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    urls = [it for it in options.paths if URL.fullmatch(it)]
    problems: list[str] = []
    if options.fix and urls:
        problems.append(f"{urls[0]}: --fix changes files; clone it, and name the folder")
        urls = options.paths = []
    findings = _check_paths([Path(it) for it in options.paths if it not in urls], options, problems)
    for finding in findings:
        print(finding)
    found = bool(findings)
    if options.fix and any(finding.code in INSERTED for finding in findings):
        print(f"{PROGRAM}: {_why_not_fixed(options.module)}", file=sys.stderr)
    for url in urls:
        try:
            with cloned(url) as folder:
                for finding in _check_paths([folder], options, problems):
                    found = True
                    print(finding._replace(path=finding.path.relative_to(folder.parent)))
        except CloneError as error:
            problems.append(str(error))
    for problem in problems:
        print(f"{PROGRAM}: {problem}", file=sys.stderr)
    return 2 if problems else int(found)


def _check_paths(
    paths: list[Path], options: argparse.Namespace, problems: list[str]
) -> list[Finding]:
    """Return the findings in `paths`, and append to `problems` what can't be read."""
    findings: list[Finding] = []
    unreadable: list[OSError] = []
    for path, folder in python_files(paths, unreadable.append).items():
        try:
            findings += _look_at(path, folder, options.module, fix=options.fix)
        except OSError as error:
            unreadable.append(error)
    problems += [f"{error.filename}: {error.strerror}" for error in unreadable]
    return findings


def _look_at(path: Path, folder: Path | None, module: str | None, *, fix: bool) -> list[Finding]:
    """Return the findings in a file; with `fix`, those that are left."""
    data = path.read_bytes()
    findings = check(path, data, module, folder)
    codes = {finding.code for finding in findings}
    if not fix or UNPARSABLE in codes:
        return findings
    source = read(path, data, module, folder)
    text, encoding = decode(data)
    fixed = None
    if INSERTED & codes and source.header_file:
        fixed = insert_header(source)
    elif MOVED & codes:
        fixed = move_header(source)
    # Some encodings have several ways to say the same.
    if fixed is None or text.encode(encoding) != data:
        return findings
    data = fixed.encode(encoding)
    path.write_bytes(data)
    left = check(path, data, module, folder)
    for code in sorted(codes - {finding.code for finding in left}):
        print(f"{path}: fixed {code}")
    return left


def _why_not_fixed(module: str | None) -> str:
    wanted = module or HEADER_MODULE
    return (
        f"not all of this can be fixed: a header is inserted only where the header module is "
        f"found, as {wanted.replace('.', '/')}.py beside the file or in a folder above it; "
        f"add one, or name yours with --module."
    )


def _module_name(text: str) -> str:
    if not all(part.isidentifier() for part in text.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of a module")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=DESCRIPTION + "\n".join(_listed_rules()),
        epilog=EPILOG,
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        default=["."],
        help="files, folders and URLs of git repositories, of which the newest commit is looked at"
        " (default: this folder)",
    )
    parser.add_argument("--fix", action="store_true", help="insert headers, or move late ones up")
    parser.add_argument(
        "--module",
        type=_module_name,
        help=f"the header module (default: {HEADER_MODULE}, where there is one)",
    )
    return parser


def _listed_rules() -> Iterator[str]:
    yield f"  {UNPARSABLE}: a file can't be read as Python."
    for rule in RULES.values():
        yield f"  {(rule.__doc__ or '').partition(chr(10))[0]}"
