# {% include "schemas/" ~ cookiecutter.__schemas ~ "/companies.py" %}
