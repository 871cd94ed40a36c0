"""The hook that refuses answers, as a module."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from support.bake import TEMPLATE


def load_hook(name: str) -> ModuleType:
    """Return a hook of the template as it stands, which unrendered is valid Python, too."""
    path = TEMPLATE / "hooks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hook = load_hook("pre_gen_project")
