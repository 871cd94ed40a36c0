# {% include "jobs/companies/jobs.py" if cookiecutter.__jobs else "left_out.py" %}
