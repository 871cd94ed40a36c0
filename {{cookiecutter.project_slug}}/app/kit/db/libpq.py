# {% include ["databases/" ~ cookiecutter.__database ~ "/libpq.py", "left_out.py"] if cookiecutter.driver == "psycopg" or cookiecutter.sync_engine == "yes" else "left_out.py" %}
