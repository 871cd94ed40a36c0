# {% include "schemas/" ~ cookiecutter._frameworks[cookiecutter.framework].schemas ~ "/schemas.py" %}
