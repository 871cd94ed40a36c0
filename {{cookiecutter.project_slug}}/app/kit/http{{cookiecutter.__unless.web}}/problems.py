# {% include "http/problems.py" %}
