# {% include ["frameworks/" ~ cookiecutter.framework ~ "/tests/client.py", "asgi/tests/client.py"] if cookiecutter.__web else "left_out.py" %}
