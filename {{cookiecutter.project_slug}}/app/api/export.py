# {% include "frameworks/" ~ cookiecutter.framework ~ "/api/export.py" %}
