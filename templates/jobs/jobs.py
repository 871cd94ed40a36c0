"""What is done for each kind of job."""

# {% if cookiecutter.__example %}
from app.companies.jobs import import_companies
from app.customers.jobs import import_customers
from app.kit.jobs.handling import Handler

HANDLERS: dict[str, Handler] = {
    "import_companies": import_companies,
    "import_customers": import_customers,
}
# {% else %}
from app.kit.jobs.handling import Handler

HANDLERS: dict[str, Handler] = {
    # The first one stands here: see docs/jobs.md.
}
# {% endif %}
