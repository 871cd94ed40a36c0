# {% include ["databases/" ~ cookiecutter.__database ~ "/recovery.py", "left_out.py"] %}
