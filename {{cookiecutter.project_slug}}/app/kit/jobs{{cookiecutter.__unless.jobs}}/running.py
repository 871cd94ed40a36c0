# {% include "worker/running.py" %}
