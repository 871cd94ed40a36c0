# {% include "frameworks/starlette/http/browser_headers.py" %}
