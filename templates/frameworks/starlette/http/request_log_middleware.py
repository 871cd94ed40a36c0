# {% include "asgi/request_log_middleware.py" %}
