# {% include "databases/" ~ cookiecutter.__database ~ "/test_database.py" %}
