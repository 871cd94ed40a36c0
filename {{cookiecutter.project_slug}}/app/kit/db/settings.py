# {% include ("networked" if cookiecutter.__networked else "databases/sqlite") ~ "/settings.py" %}
