# {% include ["example/" ~ cookiecutter.example ~ "/template_start.py", "left_out.py"] %}
