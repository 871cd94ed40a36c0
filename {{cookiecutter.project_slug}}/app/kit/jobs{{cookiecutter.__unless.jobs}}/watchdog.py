# {% include "worker/watchdog.py" %}
