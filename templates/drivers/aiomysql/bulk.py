# {% include "bulk/executemany.py" %}
