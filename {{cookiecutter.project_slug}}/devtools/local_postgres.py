# {% include "local_database/devtools/local_postgres.py" if cookiecutter.__local_database == "postgresql" else "left_out.py" %}
