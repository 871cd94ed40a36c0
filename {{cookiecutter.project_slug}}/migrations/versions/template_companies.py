# {% include ["example/" ~ cookiecutter.example ~ "/template_companies.py", "left_out.py"] %}
