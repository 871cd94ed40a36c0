"""Find entry points that do not begin with the policy-first header.

    python devtools/check_policy_header.py [--fix] [--module MODULE] [PATH ...]

`--help` explains it and lists the rules. It needs the standard library only: to use it in
another code base, run it with that path, or copy this file and `policy_header/` there.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    # Found wherever both are copied to, and also under `python -P`.
    sys.path.insert(0, str(Path(__file__).parent))
    runpy.run_module("policy_header", run_name="__main__", alter_sys=True)
