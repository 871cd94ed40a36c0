# {% include "networked/local_database.py" if cookiecutter.__local_database else "left_out.py" %}
