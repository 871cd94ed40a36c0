# {% include "example/" ~ cookiecutter.example ~ "/create_test_data.py" %}
