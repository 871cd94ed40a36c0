# {% include "http/proxies.py" %}
