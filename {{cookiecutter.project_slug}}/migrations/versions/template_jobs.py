# {% include "jobs/template_jobs.py" if cookiecutter.__jobs else "left_out.py" %}
