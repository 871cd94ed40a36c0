"""Where a service reads one row and inserts one."""

from __future__ import annotations

from dataclasses import dataclass

COMPANIES = "/api/v1/companies"
KEYS = frozenset({"id", "name", "industry", "created_at", "updated_at"})
ID, NAME = "{id}", "{name}"
"""What stands in a path for a row's id, and in a body for a name that no other row has."""


@dataclass(frozen=True)
class Routes:
    """The requests that a service is measured with."""

    read: str = f"{COMPANIES}/{ID}"
    insert: str = COMPANIES
    body: str = '{"name": "{name}", "industry": "Benchmarks"}'
    """JSON."""
    ready: str = "/health"
    """What answers 200 as soon as the service is there."""
    keys: frozenset[str] = KEYS
    """Those of both answers; if there are none, answers may be anything."""

    def path(self, number: int) -> str:
        """Return the path of the row with this id."""
        return self.read.replace(ID, str(number))

    def named(self, name: str) -> str:
        """Return the body that adds a row with this name, which needs no escape in JSON."""
        return self.body.replace(NAME, name)


OURS = Routes()
"""Of companies, as all projects have them."""
