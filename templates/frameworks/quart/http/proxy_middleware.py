# {% include "asgi/proxy_middleware.py" %}
