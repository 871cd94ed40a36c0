# {% include "worker/handling.py" %}
