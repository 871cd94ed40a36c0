# {% include "http/browser_rules.py" %}
