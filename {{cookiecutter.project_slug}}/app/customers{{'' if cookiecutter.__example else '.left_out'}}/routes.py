# {% include ["frameworks/" ~ cookiecutter.framework ~ "/customers/routes.py", "left_out.py"] %}
