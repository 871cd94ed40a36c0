# {% include ["databases/" ~ cookiecutter.__database ~ "/url.py", "left_out.py"] %}
