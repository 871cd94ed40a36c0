# {% include "worker/failures.py" %}
