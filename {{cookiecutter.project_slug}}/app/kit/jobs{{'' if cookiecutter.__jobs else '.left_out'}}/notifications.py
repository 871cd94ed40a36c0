# {% include ["drivers/" ~ cookiecutter.driver ~ "/notifications.py", "left_out.py"] %}
