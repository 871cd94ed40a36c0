# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/request_log_middleware.py", "asgi/request_log_middleware.py"] %}
