# {% include "databases/" ~ cookiecutter.__database ~ "/sync_driver.py" if cookiecutter.sync_engine == "yes" else "left_out.py" %}
