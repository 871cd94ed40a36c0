# {% include "databases/" ~ cookiecutter.__database ~ "/sql_patterns.py" %}
