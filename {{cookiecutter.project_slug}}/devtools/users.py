# {% include "local_database/devtools/users.py" if cookiecutter.__local_database else "left_out.py" %}
