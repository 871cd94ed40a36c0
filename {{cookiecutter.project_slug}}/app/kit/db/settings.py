# {% include "databases/" ~ cookiecutter.__database ~ "/address.py" %}
