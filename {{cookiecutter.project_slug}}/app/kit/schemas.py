# {% include "schemas/" ~ cookiecutter.__schemas ~ "/kit.py" %}
