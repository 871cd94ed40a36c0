# {% include "worker/consumer.py" %}
