# {% include "frameworks/" ~ cookiecutter.framework ~ "/serve.py" %}
