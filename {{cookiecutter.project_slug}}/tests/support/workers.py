# {% include "jobs/tests/workers.py" if cookiecutter.__jobs else "left_out.py" %}
