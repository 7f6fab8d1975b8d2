"""All pipelines of this project, by name."""

from collections.abc import Callable

from ..core.pipeline import Pipeline
from ..core.settings import Settings
from .products.pipeline import (
    pipeline as products,
)

PIPELINES: dict[str, Callable[[Settings], Pipeline]] = {
    "products": products,
}
