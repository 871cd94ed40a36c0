# {% include "servers/processes/processes.py" if cookiecutter.__jobs or cookiecutter._servers[cookiecutter.__server].base is defined else "left_out.py" %}
