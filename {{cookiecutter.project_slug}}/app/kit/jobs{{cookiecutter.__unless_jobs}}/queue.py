# {% include "worker/queue.py" %}
