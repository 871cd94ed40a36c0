# {% include "frameworks/" ~ cookiecutter.framework ~ "/api/body_limit.py" %}
