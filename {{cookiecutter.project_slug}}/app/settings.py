"""The settings of this service."""

from app.kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """All settings, read from the environment and from `.env`: add your own here.

    The others stand in `app/kit/settings.py` and `app/kit/db/settings.py`.
    """
