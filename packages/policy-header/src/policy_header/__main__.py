"""The tool as a module, for hooks; `policy-header` is the same."""

import sys

if not sys.flags.safe_path:
    # The current directory: a code base, of which nothing may be imported.
    del sys.path[0]

from .command import run

if __name__ == "__main__":
    run()
