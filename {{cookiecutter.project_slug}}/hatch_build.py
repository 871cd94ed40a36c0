"""A build hook that refuses wheels: they would lack the migrations, alembic.ini and the scripts."""

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EditableOnly(BuildHookInterface):  # type: ignore[type-arg]  # of any builder
    """Allows editable installs only."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Exit with one sentence unless this is an editable install."""
        if version != "editable":
            sys.exit(
                "This service is deployed as its directory, since a wheel would lack its "
                "migrations: use the Dockerfile, `uv sync`, or `pip install --editable .`."
            )
