# {% include "frameworks/" ~ cookiecutter.framework ~ "/api/health.py" %}
