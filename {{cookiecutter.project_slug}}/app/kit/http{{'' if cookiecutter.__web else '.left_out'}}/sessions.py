# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/sessions.py", "left_out.py"] %}
