# {% include "databases/" ~ cookiecutter.__database ~ "/local_database.py" %}
