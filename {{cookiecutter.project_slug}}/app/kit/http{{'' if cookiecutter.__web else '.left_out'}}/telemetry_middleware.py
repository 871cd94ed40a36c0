# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/telemetry_middleware.py", "asgi/telemetry_middleware.py"] if cookiecutter.__telemetry else "left_out.py" %}
