"""All pipelines of this project, by name."""

from collections.abc import Callable

from ..core.pipeline import Pipeline
from ..core.settings import Settings
from .orders.pipeline import (
    pipeline as orders,
)
from .orders_consumer.pipeline import (
    pipeline as orders_consumer,
)
from .customers.pipeline import (
    pipeline as customers,
)
from .clicks.pipeline import (
    pipeline as clicks,
)

PIPELINES: dict[str, Callable[[Settings], Pipeline]] = {
    "orders": orders,
    "orders_consumer": orders_consumer,
    "customers": customers,
    "clicks": clicks,
}
