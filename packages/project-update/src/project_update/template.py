"""The template: its repository, and its versions as folders."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .git import Git
from .refusal import Refusal

_ABBREVIATION = re.compile(r"(gh|gl|bb):(.+)")
_HOSTS = {"gh": "github.com", "gl": "gitlab.com", "bb": "bitbucket.org"}


@dataclass(frozen=True)
class Version:
    """One version of the template, in a folder."""

    commit: str
    folder: Path

    @property
    def questions(self) -> dict[str, Any]:
        """What cookiecutter.json asks, and its private tables."""
        file = self.folder / "cookiecutter.json"
        if not file.is_file():
            raise Refusal(f"The template has no cookiecutter.json at {self.commit}.")
        questions: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return questions

    def text(self, name: str) -> str:
        """Return the text of a file, or "" if there is none."""
        file = self.folder / name
        return file.read_text(encoding="utf-8") if file.is_file() else ""


@dataclass(frozen=True)
class Template:
    """A clone of the template's repository."""

    clone: Git
    workshop: Path
    """A folder for versions."""
    directory: str
    """Where the template is in its repository."""

    def version(self, reference: str) -> Version:
        """Return a version; raises Refusal if the repository does not have it."""
        commit = self.commit_of(reference)
        if not commit:
            raise Refusal(
                f"The template has no commit '{reference}': take one that it has, with --checkout, "
                "or put the right one into .cruft.json."
            )
        folder = self.workshop / f"at-{commit}"
        if not folder.exists():
            self.clone.succeed("worktree", "add", "--quiet", "--detach", str(folder), commit)
        return Version(commit, folder / self.directory)

    def commit_of(self, reference: str) -> str:
        """Return the commit that a branch, a tag or a hash names, or "" for none."""
        for name in (f"refs/remotes/origin/{reference}", reference):
            done = self.clone.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            if done.returncode == 0:
                return done.stdout.strip()
        return ""


def cloned(url: str, workshop: Path, *, directory: str = "") -> Template:
    """Clone the template into `workshop`; raises Refusal if it can't be read."""
    folder = workshop / "template"
    done = Git(workshop).run("clone", "--quiet", "--no-checkout", "--", url, str(folder))
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise Refusal(f"The template {url} can't be cloned: {said}")
    return Template(Git(folder), workshop, directory)


def full_url(url: str) -> str:
    """Return the address that git takes: `gh:OWNER/NAME` is short for one, as in cookiecutter."""
    if short := _ABBREVIATION.fullmatch(url):
        return f"https://{_HOSTS[short[1]]}/{short[2]}.git"
    path = Path(url)
    return str(path.resolve()) if path.is_dir() else url
