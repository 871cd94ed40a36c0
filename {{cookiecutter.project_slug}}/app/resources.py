# {% include "frameworks/" ~ cookiecutter.framework ~ "/resources.py" if cookiecutter.__start else "left_out.py" %}
