"""All pipelines of this project, by name."""

from collections.abc import Callable

from ..core.pipeline import Pipeline
from ..core.settings import Settings
from .payments.pipeline import (
    pipeline as payments,
)

PIPELINES: dict[str, Callable[[Settings], Pipeline]] = {
    "payments": payments,
}
