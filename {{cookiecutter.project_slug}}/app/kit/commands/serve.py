# {% include ["servers/" ~ cookiecutter.__server ~ "/serve.py", "servers/" ~ cookiecutter._servers[cookiecutter.__server].base | default("") ~ "/serve.py", "left_out.py"] %}
