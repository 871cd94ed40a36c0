# {% include "frameworks/" ~ cookiecutter.framework ~ "/http/health.py" ignore missing %}
