# {% include "devtools/users.py" %}
