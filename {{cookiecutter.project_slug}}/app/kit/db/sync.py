# {% include "sync/sync.py" if cookiecutter.sync_engine == "yes" else "left_out.py" %}
