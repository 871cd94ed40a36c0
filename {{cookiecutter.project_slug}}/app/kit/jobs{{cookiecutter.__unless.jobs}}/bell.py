# {% include "worker/bell.py" %}
