# {% include "worker/worker.py" %}
