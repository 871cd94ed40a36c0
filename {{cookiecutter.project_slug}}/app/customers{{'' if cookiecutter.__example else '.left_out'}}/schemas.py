# {% include "schemas/" ~ cookiecutter._frameworks[cookiecutter.framework].schemas ~ "/customers/schemas.py" %}
