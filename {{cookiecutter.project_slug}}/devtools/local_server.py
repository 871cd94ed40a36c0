# {% include "local_database/devtools/local_server.py" if cookiecutter.__local_database else "left_out.py" %}
