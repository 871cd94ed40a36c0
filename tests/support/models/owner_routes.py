"""Where an owner's routes are included in the `main.py` of a project."""

from __future__ import annotations

from support.projects import Project

ROUTES = {
    "fastapi": ("    app.include_router(companies", "    app.include_router(owner.router)\n"),
    "litestar": ("*health.HANDLERS", "*owner.HANDLERS, "),
    "starlette": ("            *companies", "            *owner.routes,\n"),
    "quart": (
        "    app.register_blueprint(companies",
        "    app.register_blueprint(owner.blueprint)\n",
    ),
    "aiohttp": ("    app.add_subapp(", "    app.add_routes(owner.routes)\n"),
    "sanic": ("    app.blueprint(companies", "    app.blueprint(owner.blueprint)\n"),
}
"""Where the routes of the project stand in its `main.py`, and what comes before them."""


def include_owner(project: Project, framework: str) -> None:
    """Add two lines to main for the routes of `app/owner.py`."""
    place, routes = ROUTES[framework]
    project.replace("app/main.py", place, routes + place)
    first = "from app.companies"
    project.replace("app/main.py", first, f"from app import owner\n{first}")
