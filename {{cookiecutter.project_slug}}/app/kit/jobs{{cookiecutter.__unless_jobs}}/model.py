# {% include "worker/model.py" %}
