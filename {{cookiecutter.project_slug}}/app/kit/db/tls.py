# {% include "networked/tls.py" if cookiecutter.__networked else "left_out.py" %}
