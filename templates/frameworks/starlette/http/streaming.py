# {% include "asgi/streaming.py" %}
