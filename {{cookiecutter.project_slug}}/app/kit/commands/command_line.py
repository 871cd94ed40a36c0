# {% include ("http" if cookiecutter.__web and not cookiecutter.__jobs else "worker") ~ "/command_line.py" %}
