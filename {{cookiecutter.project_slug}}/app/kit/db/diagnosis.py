# {% include "databases/" ~ cookiecutter.__database ~ "/diagnosis.py" %}
