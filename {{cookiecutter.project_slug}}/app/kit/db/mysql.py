# {% include ["databases/" ~ cookiecutter.__database ~ "/mysql.py", "left_out.py"] %}
