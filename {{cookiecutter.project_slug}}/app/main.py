# {% include "frameworks/" ~ cookiecutter.framework ~ "/main.py" %}
