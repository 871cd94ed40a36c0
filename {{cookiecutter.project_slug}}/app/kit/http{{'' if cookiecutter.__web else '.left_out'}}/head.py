# {% include "asgi/head.py" if cookiecutter._frameworks[cookiecutter.framework].server == "asgi" else "left_out.py" %}
