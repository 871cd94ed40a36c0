# {% include "frameworks/" ~ cookiecutter.framework ~ "/http/application.py" ignore missing %}
