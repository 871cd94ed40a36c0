# {% include ["frameworks/" ~ cookiecutter.framework ~ "/companies/routes.py", "left_out.py"] %}
