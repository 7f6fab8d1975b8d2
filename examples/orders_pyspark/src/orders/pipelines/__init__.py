"""All pipelines of this project, by name."""

from collections.abc import Callable

from ..core.pipeline import Pipeline
from ..core.settings import Settings
from .orders.pipeline import (
    pipeline as orders,
)

PIPELINES: dict[str, Callable[[Settings], Pipeline]] = {
    "orders": orders,
}
