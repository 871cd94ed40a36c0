# {% include "jobs/customers/jobs.py" if cookiecutter.__jobs else "left_out.py" %}
