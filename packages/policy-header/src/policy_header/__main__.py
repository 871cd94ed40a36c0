"""The tool as a module: `python -P -m policy_header`, for hooks.

Without -P, Python would look for modules in the current directory, which is a code base.
"""

from .command import run

if __name__ == "__main__":
    run()
