# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/streaming.py", "asgi/streaming.py"] %}
