# {% include ["databases/" ~ cookiecutter.__database ~ "/file_lock.py", "left_out.py"] %}
