# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/proxy_middleware.py", "asgi/proxy_middleware.py"] %}
