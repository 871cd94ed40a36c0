# {% include "frameworks/" ~ cookiecutter.framework ~ "/test_client.py" %}
