# {% include "schemas/" ~ cookiecutter.__schemas ~ "/customers.py" %}
