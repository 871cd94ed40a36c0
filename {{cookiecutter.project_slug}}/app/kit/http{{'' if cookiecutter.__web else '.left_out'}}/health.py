# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/health.py", "left_out.py"] %}
