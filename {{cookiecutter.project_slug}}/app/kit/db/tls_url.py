# {% include "networked/tls_url.py" if cookiecutter.__networked else "left_out.py" %}
