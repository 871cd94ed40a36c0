"""What requests and jobs share for as long as the service runs."""

from dataclasses import dataclass

from app.kit.db.readiness import Readiness
from app.kit.db.session import Sessions
from app.kit.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class SharedResources:
    """What the kit itself needs; `app.resources` adds what this service needs."""

    settings: ServiceSettings
    sessions: Sessions
    readiness: Readiness
