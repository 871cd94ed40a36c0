# {% include "databases/" ~ cookiecutter.__database ~ "/test_specifics.py" %}
