# {% include "servers/" ~ cookiecutter.__server ~ ".py" %}
