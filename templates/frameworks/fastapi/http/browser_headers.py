# {% include "asgi/browser_headers.py" %}
