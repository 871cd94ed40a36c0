# {% include "networked/address.py" %}
