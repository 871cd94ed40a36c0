# {% include "example/" ~ cookiecutter.example ~ "/seed_database.py" %}
