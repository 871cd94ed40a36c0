# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/route.py", "asgi/route.py" if cookiecutter._frameworks[cookiecutter.framework].server == "asgi" else "left_out.py"] %}
