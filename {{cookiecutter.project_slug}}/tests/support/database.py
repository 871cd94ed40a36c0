# {% include "databases/" ~ cookiecutter.__database ~ "/tests/database.py" %}
