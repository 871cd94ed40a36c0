"""The template's UPGRADING.md: what its sections of newer versions say."""

import re

_SECTION = re.compile(r"^## ", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def advice(before: str, after: str) -> str:
    """Return the sections that the newer document has, and the older one does not."""
    known = {_heading(section) for section in _sections(before)}
    return "\n".join(it for it in _sections(after) if _heading(it) not in known).strip()


def _sections(document: str) -> list[str]:
    return [f"## {it}" for it in _SECTION.split(_COMMENT.sub("", document))[1:]]


def _heading(section: str) -> str:
    return section.partition("\n")[0]
