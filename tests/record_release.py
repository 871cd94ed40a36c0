"""Records a version that is about to be tagged: `record_release.py` writes `tests/releases/`."""

from __future__ import annotations

import json
import re
import sys

from support.releases import RECORDS, VERSION, facts, read, sections


def main() -> int:
    """Write the record and return the exit code: 1 if there is one, or the date is missing."""
    path = RECORDS / f"{VERSION}.json"
    dated = re.compile(rf"\[{re.escape(VERSION)}\] - \d{{4}}-\d\d-\d\d")
    if path.exists():
        print(f"{path.name} is there: set the next `_version`.", file=sys.stderr)
        return 1
    if not any(dated.fullmatch(heading) for heading in sections(read("CHANGELOG.md"))):
        print(
            f"CHANGELOG.md has no '## [{VERSION}] - YEAR-MONTH-DAY': write the day of the release.",
            file=sys.stderr,
        )
        return 1
    RECORDS.mkdir(exist_ok=True)
    text = json.dumps(facts(), indent=1, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
