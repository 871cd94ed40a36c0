# {% include "frameworks/" ~ cookiecutter.framework ~ "/api/problems.py" %}
