"""Updates from the template, with the tool of its newest version: `python -m devtools.update`."""

import json
import subprocess
import sys
from pathlib import Path


def main(words: list[str]) -> int:
    """Run the tool with `words`, such as jobs=yes or --help, and return its exit code."""
    try:
        given = words[words.index("--template") + 1 :][:1] if "--template" in words else []
        [template] = given or [json.loads(Path(".cruft.json").read_text("utf-8"))["template"]]
        place = f"{template}/" if Path(template).is_dir() else f"git+{template}#subdirectory="
        command = ["uv", "tool", "run", "--refresh-package", "project-update", "--from"]
        command += [f"{place}packages/project-update", "project-update", *words]
        return subprocess.run(command, check=False).returncode
    except FileNotFoundError:
        sys.exit("This takes uv, and .cruft.json or --template with the template's repository.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
