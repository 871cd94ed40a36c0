# {% include "http/request_log.py" %}
