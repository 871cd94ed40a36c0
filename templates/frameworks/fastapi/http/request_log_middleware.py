# {% include "asgi/request_log.py" %}
