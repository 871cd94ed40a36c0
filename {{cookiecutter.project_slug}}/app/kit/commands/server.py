# {% include ["servers/" ~ cookiecutter.__server ~ "/server.py", "left_out.py"] %}
