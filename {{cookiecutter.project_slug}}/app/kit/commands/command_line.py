# {% include ("http" if cookiecutter.__web else "worker") ~ "/command_line.py" %}
