# {% include "asgi/test_client.py" %}
