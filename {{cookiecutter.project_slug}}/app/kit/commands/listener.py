# {% include ["servers/" ~ cookiecutter.__server ~ "/listener.py", "servers/" ~ cookiecutter._servers[cookiecutter.__server].base | default("") ~ "/listener.py", "left_out.py"] %}
