# {% include "networked/password.py" if cookiecutter.__networked else "left_out.py" %}
