"""Folders of the tests."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
OWNERS = TESTS / "owners"
"""What owners write, to be put into projects."""
PROBES = TESTS / "support" / "probes"
"""Programs that a project's own Python runs."""
