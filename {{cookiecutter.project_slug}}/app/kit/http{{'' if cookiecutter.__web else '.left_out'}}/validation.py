# {% include ["schemas/" ~ cookiecutter._frameworks[cookiecutter.framework].schemas ~ "/validation.py", "left_out.py"] %}
