# {% include "frameworks/" ~ cookiecutter.framework ~ "/api/schemas.py" %}
