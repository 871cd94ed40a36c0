# {% include "jobs/commands/work.py" if cookiecutter.__jobs else "left_out.py" %}
