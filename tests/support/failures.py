"""Statements that fail, and what a failure says."""

from __future__ import annotations

from typing import Any

SECRET = "hunter2marker"  # noqa: S105  what must not be found
TABLE = """
CREATE TABLE trial (
    id integer NOT NULL, name varchar(100) NOT NULL, number integer, day date,
    CONSTRAINT pk_trial PRIMARY KEY (id),
    CONSTRAINT uq_trial_name UNIQUE (name),
    CONSTRAINT ck_trial_number CHECK (number > 0)
)
"""
INSERT = "INSERT INTO trial (id, name, number, day) VALUES (:id, :name, :number, :day)"
FIRST = {"id": 1, "name": SECRET, "number": 1, "day": None}
FAILURES: dict[str, tuple[str, dict[str, Any]]] = {
    "column": ("SELECT nmae FROM trial WHERE name = :name", {"name": SECRET}),
    "syntax": ("SELECT * FORM trial WHERE name = :name", {"name": SECRET}),
    "table": ("SELECT 1 FROM nowhere WHERE name = :name", {"name": SECRET}),
    "text": (f"SELECT nmae FROM trial WHERE name = '{SECRET}' AND id = 1", {}),  # noqa: S608  as owners do
    "taken": (INSERT, FIRST | {"id": 2}),
    "null": (INSERT, FIRST | {"id": 3, "name": None}),
    "check": (INSERT, FIRST | {"id": 4, "name": f"{SECRET} 4", "number": -47114711}),
    "large": (INSERT, FIRST | {"id": 5, "name": f"{SECRET} 5", "number": 4711471147114711}),
    "type": (INSERT, FIRST | {"id": 6, "name": f"{SECRET} 6", "number": SECRET}),
    "date": (INSERT, FIRST | {"id": 7, "name": f"{SECRET} 7", "day": SECRET}),
    "long": (INSERT, FIRST | {"id": 8, "name": SECRET * 20}),
}
NAMED = {
    "column": "nmae",
    "syntax": "FORM",
    "table": "nowhere",
    "text": "nmae",
    "taken": "name",
    "null": "name",
    "check": "ck_trial_number",
}
"""What the database's message, as all of them have it, says of the schema."""
TAKEN_BY_SQLITE = {"large", "type", "date", "long"}
OVER = "This Session has been permanently closed"
"""What SQLAlchemy says to who uses a session after its end."""
