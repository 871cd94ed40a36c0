# {% include "schemas/" ~ cookiecutter._frameworks[cookiecutter.framework].schemas ~ "/companies.py" %}
