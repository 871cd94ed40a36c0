# {% include "jobs/commands/sessions.py" if cookiecutter.__jobs or not cookiecutter.__web else "left_out.py" %}
