# {% include "drivers/" ~ cookiecutter.driver ~ "/bulk.py" %}
