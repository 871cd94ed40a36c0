# {% include "schemas/with_" ~ cookiecutter.__schemas ~ ".py" %}
