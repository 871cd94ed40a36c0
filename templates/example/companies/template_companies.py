"""Create companies and customers."""

import sqlalchemy as sa
from alembic import op
# {% if cookiecutter.__database == "mysql" %}
from sqlalchemy.dialects import mysql
# {% endif %}

revision = "template_companies"
down_revision = None
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
NAME = "{{ 'char_length' if cookiecutter.__database == 'mysql' else 'length' }}(name) BETWEEN 1 AND 120"
INDUSTRY = "{{ 'char_length' if cookiecutter.__database == 'mysql' else 'length' }}(industry) BETWEEN 1 AND 120"
EMAIL = "{{ 'char_length' if cookiecutter.__database == 'mysql' else 'length' }}(email) BETWEEN 3 AND 254"


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("industry", sa.String(120), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(NAME, name=op.f("ck_companies_name_length")),
        sa.CheckConstraint(INDUSTRY, name=op.f("ck_companies_industry_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("name", name=op.f("uq_companies_name")),
        # {% if cookiecutter.__database == "mysql" %}
        mysql_collate=COLLATION,
        # {% endif %}
    )
    op.create_table(
        "customers",
        sa.Column("id", KEY, nullable=False),
        sa.Column("company_id", KEY, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("stage", sa.String(255), nullable=False),
        # {% if cookiecutter.__database == "sqlite" %}
        sa.Column("credit", sa.BigInteger(), nullable=False),
        # {% else %}
        sa.Column("credit", sa.Numeric(12, 2), nullable=False),
        # {% endif %}
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(NAME, name=op.f("ck_customers_name_length")),
        sa.CheckConstraint(EMAIL, name=op.f("ck_customers_email_length")),
        sa.CheckConstraint("credit >= 0", name=op.f("ck_customers_credit")),
        sa.CheckConstraint(
            "stage IN ('prospect', 'active', 'former')", name=op.f("ck_customers_stage")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_customers_company_id_companies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        # {% if cookiecutter.__database == "mysql" %}
        mysql_collate=COLLATION,
        # {% endif %}
    )
    op.create_index(
        op.f("ix_customers_company_id_name_id"), "customers", ["company_id", "name", "id"]
    )


def downgrade() -> None:
    op.drop_table("customers")
    op.drop_table("companies")
