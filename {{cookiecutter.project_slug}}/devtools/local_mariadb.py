# {% include "local_database/devtools/local_mariadb.py" if cookiecutter.__local_database == "mysql" else "left_out.py" %}
