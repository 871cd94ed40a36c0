"""The models; importing this package registers them all."""

from app.models.company import Company
from app.models.customer import Customer

__all__ = ["Company", "Customer"]
