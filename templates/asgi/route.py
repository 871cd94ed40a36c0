"""The template of the route that answers a request, for the log."""

from typing import Any


def route_of(scope: Any) -> str:
    """Return the template with the prefix (APP_ROOT_PATH), or "" if no route answers."""
    template: str = scope.get("path_template", "")
    return template and scope.get("root_path", "") + template
