# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/responses.py", "left_out.py"] %}
