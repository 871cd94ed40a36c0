# {% include ["frameworks/" ~ cookiecutter.framework ~ "/companies/commands.py", "left_out.py"] %}
