# {% include "local_database/devtools/mariadb_programs.py" if cookiecutter.__local_database == "mysql" else "left_out.py" %}
