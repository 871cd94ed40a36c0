"""The tool; `devtools/check_policy_header.py` runs it by its path."""

import sys

from .command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
