"""A job: work that is done later, by the worker."""

from datetime import datetime
from typing import Any, Literal

# {% if cookiecutter.__database == "mysql" %}
from sqlalchemy import JSON, Index, String, Text
# {% else %}
from sqlalchemy import JSON, Index, String, Text, text
# {% endif %}
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db.base import Entity
from app.kit.db.types import UtcDateTime, utc_now

State = Literal["queued", "done", "failed"]
"""A failed job has failed for good: nobody tries it again, unless somebody queues it again."""

MAX_KIND = 60
MAX_WORKER = 100


class Job(Entity):
    """A job of a `kind`, with what its handler has to know as `payload`."""

    __tablename__ = "jobs"
    __table_args__ = (
        # In the order in which jobs are claimed.
        # {% if cookiecutter.__database == "mysql" %}
        Index("ix_jobs_queued", "state", "available_at", "id"),
        # {% elif cookiecutter.__database == "sqlite" %}
        Index("ix_jobs_queued", "available_at", "id", sqlite_where=text("state = 'queued'")),
        # {% else %}
        Index("ix_jobs_queued", "available_at", "id", postgresql_where=text("state = 'queued'")),
        # {% endif %}
    )

    kind: Mapped[str] = mapped_column(String(MAX_KIND))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[State] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was tried to an end, good or bad."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    available_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    """When it may be tried, at the earliest."""
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a worker began the last attempt. If it died since, nobody does the job now."""
    worker: Mapped[str | None] = mapped_column(String(MAX_WORKER))
    """The worker that began it: its host and the number of its process."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
