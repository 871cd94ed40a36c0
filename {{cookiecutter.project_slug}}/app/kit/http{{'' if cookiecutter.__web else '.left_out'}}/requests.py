# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/requests.py", "left_out.py"] %}
