"""The service, as its commands know it."""

# {% if cookiecutter.__jobs %}
from collections.abc import Mapping
from dataclasses import dataclass

from app.kit.jobs.handling import Handler
# {% else %}
from dataclasses import dataclass

# {% endif %}
from app.kit.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Service:
    """The owner's side of the commands; places are written as "module:name"."""

    # {% if cookiecutter.__web %}
    application: str
    """The place of the application, or of the function that creates it."""
    # {% endif %}
    # {% if cookiecutter.__jobs %}
    worker: str
    """The place of the function that works until it is told to stop."""
    handlers: Mapping[str, Handler]
    """What is done for each kind of job."""
    # {% endif %}
    settings: type[ServiceSettings]
    """The class of the settings."""
    seed: str
    """The place of the function that fills an empty database, and returns what it added."""
