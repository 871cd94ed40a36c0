"""Create the queue of jobs."""

import sqlalchemy as sa
from alembic import op
# {% if cookiecutter.__database == "mysql" %}
from sqlalchemy.dialects import mysql
# {% endif %}

revision = "template_jobs"
down_revision = "template_{{ 'companies' if cookiecutter.__example else 'start' }}"
branch_labels = None
depends_on = None

# {% if cookiecutter.__database == "mysql" %}
KEY = sa.BigInteger()
MOMENT = mysql.DATETIME(fsp=6)
COLLATION = "/*!80000 utf8mb4_0900_bin */ /*M! utf8mb4_nopad_bin */"
# {% elif cookiecutter.__database == "sqlite" %}
KEY = sa.Integer()
MOMENT = sa.DateTime(timezone=True)
# {% else %}
KEY = sa.BigInteger()
MOMENT = sa.DateTime(timezone=True)
# {% endif %}


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(255), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("available_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("worker", sa.String(100), nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'done', 'failed')", name=op.f("ck_jobs_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        # {% if cookiecutter.__database == "mysql" %}
        mysql_collate=COLLATION,
        # {% endif %}
    )
    # {% if cookiecutter.__database == "mysql" %}
    op.create_index("ix_jobs_queued", "jobs", ["state", "available_at", "id"])
    # {% else %}
    queued = sa.text("state = 'queued'")
    # {% if cookiecutter.__database == "sqlite" %}
    op.create_index("ix_jobs_queued", "jobs", ["available_at", "id"], sqlite_where=queued)
    # {% else %}
    op.create_index("ix_jobs_queued", "jobs", ["available_at", "id"], postgresql_where=queued)
    # {% endif %}
    # {% endif %}


def downgrade() -> None:
    op.drop_table("jobs")
