# {% include "schemas/" ~ cookiecutter._frameworks[cookiecutter.framework].schemas ~ "/kit.py" %}
