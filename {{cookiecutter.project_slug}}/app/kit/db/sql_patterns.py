# {% include "databases/" ~ cookiecutter.__database ~ "/reads.py" %}
