# {% include "drivers/" ~ cookiecutter.driver ~ "/driver.py" %}
