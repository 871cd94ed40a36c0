# {% include ["servers/" ~ cookiecutter.__server ~ "/slow_clients.py", "left_out.py"] %}
