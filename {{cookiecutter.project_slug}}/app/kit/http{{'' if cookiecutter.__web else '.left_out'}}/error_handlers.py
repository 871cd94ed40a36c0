# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/error_handlers.py", "left_out.py"] %}
