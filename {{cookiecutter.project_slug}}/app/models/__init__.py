"""The models; importing this package registers them all."""

from app.models.company import Company
from app.models.customer import Customer
# {% if cookiecutter.__worker %}
from app.models.job import Job

__all__ = ["Company", "Customer", "Job"]
# {% else %}

__all__ = ["Company", "Customer"]
# {% endif %}
