# {% include "frameworks/" ~ cookiecutter.framework ~ "/http/browser_headers.py" ignore missing %}
