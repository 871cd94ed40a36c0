# {% include "example/" ~ cookiecutter.example ~ "/0001_initial.py" %}
