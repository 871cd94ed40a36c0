# {% include "databases/" ~ cookiecutter.__database ~ "/error_codes.py" %}
