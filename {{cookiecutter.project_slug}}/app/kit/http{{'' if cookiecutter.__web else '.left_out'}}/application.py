# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/application.py", "left_out.py"] %}
