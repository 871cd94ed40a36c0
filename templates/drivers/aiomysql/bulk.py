# {% include "databases/mysql/bulk.py" %}
