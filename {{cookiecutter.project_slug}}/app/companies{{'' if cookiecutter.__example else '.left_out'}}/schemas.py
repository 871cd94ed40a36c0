# {% include "schemas/" ~ cookiecutter._frameworks[cookiecutter.framework].schemas ~ "/companies/schemas.py" %}
