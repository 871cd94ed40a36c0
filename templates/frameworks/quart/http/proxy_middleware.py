# {% include "asgi/proxies.py" %}
