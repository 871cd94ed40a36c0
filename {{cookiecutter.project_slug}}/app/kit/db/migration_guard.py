# {% include "databases/" ~ cookiecutter.__database ~ "/migration_guard.py" %}
