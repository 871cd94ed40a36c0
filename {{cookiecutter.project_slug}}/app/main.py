# {% include ["frameworks/" ~ cookiecutter.framework ~ "/main.py", "left_out.py"] %}
