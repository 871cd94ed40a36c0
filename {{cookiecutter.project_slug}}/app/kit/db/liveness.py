# {% include "networked/liveness.py" if cookiecutter.__networked else "left_out.py" %}
