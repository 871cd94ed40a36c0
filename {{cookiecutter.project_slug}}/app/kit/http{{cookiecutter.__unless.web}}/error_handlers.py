# {% include "frameworks/" ~ cookiecutter.framework ~ "/http/error_handlers.py" ignore missing %}
