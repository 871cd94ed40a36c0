# {% include "servers/" ~ ("with_processes" if cookiecutter.__processes else cookiecutter.__server) ~ ".py" %}
