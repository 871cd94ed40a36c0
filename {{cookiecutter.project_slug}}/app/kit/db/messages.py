# {% include "databases/" ~ cookiecutter.__database ~ "/messages.py" %}
