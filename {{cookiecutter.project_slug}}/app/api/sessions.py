# {% include "frameworks/" ~ cookiecutter.framework ~ "/api/sessions.py" %}
