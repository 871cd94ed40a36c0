# {% include ["drivers/" ~ cookiecutter.driver ~ "/connection.py", "left_out.py"] %}
