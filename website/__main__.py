"""Build the site into build/site/html: `python -m website`, or `python3 try.py site`."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from website.navigation import navigation, toml
from website.pages import TEMPLATE, BrokenLinkError, Sources, write_pages
from website.projects import combinations, render, write_projects

HERE = Path(__file__).parent
CONFIGURATION = "zensical.toml"


def main() -> int:
    """Build the site and return the exit code."""
    parser = argparse.ArgumentParser(prog="website", description="Build the site.")
    parser.add_argument("--output", type=Path, default=TEMPLATE / "build/site", help="a directory")
    parser.add_argument("--first", action="store_true", help="show the default project only")
    options = parser.parse_args()
    output: Path = options.output.resolve()
    try:
        build(output, combinations()[: 1 if options.first else None])
    except BrokenLinkError as error:
        print(f"website: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    print(f"The site is in {output / 'html'}: open index.html there.")
    return 0


def build(output: Path, shown: list[dict[str, str]]) -> None:
    """Build the site with the projects that are to be `shown`, the first of them as pages, too.

    Raise BrokenLinkError, or CalledProcessError if Zensical finds something.
    """
    shutil.rmtree(output, ignore_errors=True)
    pages = output / "pages"
    pages.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        project = render(Path(scratch), shown[0])
        sources = Sources({"": TEMPLATE, "project": project})
        titles = write_pages(sources, pages)
    shutil.copytree(HERE / "assets", pages / "assets")
    write_projects(shown, pages / "assets/projects")
    settings = (HERE / CONFIGURATION).read_text(encoding="utf-8")
    settings = settings.replace("nav = []", f"nav = {toml(navigation(titles))}")
    (output / CONFIGURATION).write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    subprocess.run(command, cwd=output, check=True)


if __name__ == "__main__":
    sys.exit(main())
