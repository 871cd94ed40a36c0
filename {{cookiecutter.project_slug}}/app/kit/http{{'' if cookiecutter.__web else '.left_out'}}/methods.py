# {% include ["frameworks/" ~ cookiecutter.framework ~ "/http/methods.py", "frameworks/" ~ cookiecutter._frameworks[cookiecutter.framework].base | default("") ~ "/http/methods.py", "left_out.py"] %}
