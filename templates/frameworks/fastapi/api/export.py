# {% include "asgi/export.py" %}
