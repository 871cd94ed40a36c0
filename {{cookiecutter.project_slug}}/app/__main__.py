# {% include cookiecutter.__transport ~ "/command_line.py" %}
