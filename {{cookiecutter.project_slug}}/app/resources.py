# {% include "frameworks/" ~ cookiecutter.framework ~ "/resources.py" %}
