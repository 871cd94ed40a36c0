# {% include "http/command_line.py" if cookiecutter.__web and not cookiecutter.__jobs else "jobs/command_line.py" %}
