# {% include "devtools/local_server.py" %}
