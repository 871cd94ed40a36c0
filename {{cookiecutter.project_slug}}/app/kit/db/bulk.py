# {% include ["drivers/" ~ cookiecutter.driver ~ "/bulk.py", "drivers/bulk.py"] %}
