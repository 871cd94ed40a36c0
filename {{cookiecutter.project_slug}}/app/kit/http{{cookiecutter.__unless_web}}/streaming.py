# {% include "frameworks/" ~ cookiecutter.framework ~ "/http/streaming.py" ignore missing %}
