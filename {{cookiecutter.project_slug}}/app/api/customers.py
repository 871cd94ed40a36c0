# {% include "frameworks/" ~ cookiecutter.framework ~ "/api/customers.py" %}
