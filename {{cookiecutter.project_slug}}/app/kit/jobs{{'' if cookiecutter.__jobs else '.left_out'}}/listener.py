# {% include ["databases/" ~ cookiecutter.__database ~ "/listener.py", "left_out.py"] %}
