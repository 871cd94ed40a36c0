"""The projects' check of the policy-first header, unrendered.

Import it from here: Python would leave its bytecode in the template, and it would be rendered.
"""

from __future__ import annotations

import sys

_before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
try:
    from policy_header.checker import check, read
    from policy_header.command import main
    from policy_header.fix import COMMENT, insert_header, move_header
    from policy_header.source import Source, decode
finally:
    sys.dont_write_bytecode = _before

__all__ = ["COMMENT", "Source", "check", "decode", "insert_header", "main", "move_header", "read"]
