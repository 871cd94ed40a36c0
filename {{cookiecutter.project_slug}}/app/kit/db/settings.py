# {% include ["databases/" ~ cookiecutter.__database ~ "/settings.py", "networked/settings.py"] %}
