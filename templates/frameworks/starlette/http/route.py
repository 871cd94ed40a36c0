"""The template of the route that answers a request, for the log."""

from typing import Any

from starlette.routing import Mount


def route_of(scope: Any) -> str:
    """Return the template with the prefix (APP_ROOT_PATH), or "" if no route answers."""
    route = scope.get("route")
    # Starlette has added the path of a mounted application to the prefix.
    template: str = "/{path}" if isinstance(route, Mount) else getattr(route, "path_format", "")
    return template and scope.get("root_path", "") + template
