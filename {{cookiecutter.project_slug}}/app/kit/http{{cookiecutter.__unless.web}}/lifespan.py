# {% include "http/lifespan.py" %}
