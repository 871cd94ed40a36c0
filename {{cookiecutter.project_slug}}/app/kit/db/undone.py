# {% include "networked/undone.py" if cookiecutter.__networked else "left_out.py" %}
