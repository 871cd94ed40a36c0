"""Choices of answers that several modules of tests go through."""

from __future__ import annotations

from support.bake import ANSWERS, WEB_FRAMEWORKS, choices
from support.projects import Variant

OF_DATABASES: dict[str, str] = {
    ANSWERS["_drivers"][driver]["database"]: driver for driver in reversed(choices("driver"))
}
"""The first driver of each database, which stands for all of them where drivers are alike."""
USUAL_SERVICES: list[Variant] = [
    *(("asyncpg", framework) for framework in WEB_FRAMEWORKS if framework != "starlette"),
    ("psycopg", WEB_FRAMEWORKS[0]),
]
SERVICES: list[Variant] = [
    *USUAL_SERVICES,
    ("asyncpg", "starlette"),
    *(("psycopg", framework) for framework in WEB_FRAMEWORKS[1:]),
    *(("asyncpg", WEB_FRAMEWORKS[0], server) for server in choices("server")[1:]),
]
"""Each framework and each server, with both drivers of PostgreSQL."""
