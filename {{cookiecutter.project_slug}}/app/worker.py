# {% include "jobs/worker.py" if cookiecutter.__jobs else "left_out.py" %}
