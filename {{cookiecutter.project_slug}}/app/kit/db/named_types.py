# {% include ["databases/" ~ cookiecutter.__database ~ "/named_types.py", "left_out.py"] %}
