"""Settings of the connections that every database has."""

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings


class PoolSettings(BaseSettings):
    """How many connections there are, for how long, and what is logged of them; in seconds."""

    # No overflow: its connections are closed on return, and opened again, under load.
    db_pool_size: PositiveInt = 10
    db_max_overflow: NonNegativeInt = 0
    db_pool_timeout: PositiveFloat = 5
    db_pool_recycle: PositiveInt = 1800
    db_leak_threshold: NonNegativeFloat = 0
    db_prewarm: NonNegativeInt = 10
    db_ready_timeout: PositiveFloat = Field(default=1, le=1.5)
    db_drain_timeout: NonNegativeFloat = 5

    app_log_sql: bool = False
    app_log_sql_values: bool = False
    app_slow_query: NonNegativeFloat = 0
