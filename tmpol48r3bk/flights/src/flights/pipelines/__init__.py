"""All pipelines of this project, by name."""

from collections.abc import Callable

from ..core.pipeline import Pipeline
from ..core.settings import Settings
from .flights.pipeline import (
    pipeline as flights,
)

PIPELINES: dict[str, Callable[[Settings], Pipeline]] = {
    "flights": flights,
}
