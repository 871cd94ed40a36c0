# {% include "schemas/" ~ cookiecutter._frameworks[cookiecutter.framework].schemas ~ "/customers.py" %}
