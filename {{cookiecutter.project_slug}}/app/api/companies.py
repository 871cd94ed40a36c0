# {% include "frameworks/" ~ cookiecutter.framework ~ "/api/companies.py" %}
