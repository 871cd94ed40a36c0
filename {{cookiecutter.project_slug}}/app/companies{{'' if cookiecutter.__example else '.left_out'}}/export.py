# {% include "schemas/" ~ cookiecutter._frameworks[cookiecutter.framework].schemas ~ "/companies/export.py" if cookiecutter.__web else "left_out.py" %}
